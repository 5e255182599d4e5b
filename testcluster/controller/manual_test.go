package controller_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/controller"
	"github.com/zoka-project/zoka/testcluster/manual"
)

// TestManual runs the scripts of testdata, which are a manual of what the controller does. A line is a comment, a command,
// or, indented, what the command before it has answered.
func TestManual(t *testing.T) {
	manual.Run(t, func(t *testing.T, text string) (string, error) { return runScript(t, text), nil })
}

// runScript returns the script with the answers that its commands get now.
func runScript(t *testing.T, text string) string {
	s := &script{t: t, m: newModel(t)}
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		fmt.Fprintln(&s.out, line)
		if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			verb := verbs[words[0]]
			if verb == nil {
				t.Fatalf("no verb %q", words[0])
			}
			verb(s, words[1:])
		}
	}
	return s.out.String()
}

type script struct {
	t   *testing.T
	m   *model
	out strings.Builder
}

func (s *script) say(format string, args ...any) { fmt.Fprintf(&s.out, "  "+format+"\n", args...) }

// verbs are the commands. Partitions are written t-0, lists of brokers 1,2,3.
var verbs = map[string]func(s *script, args []string){
	// broker ID...: a broker registers, in a new session.
	"broker": func(s *script, args []string) { s.each(args, func(id int32) { s.m.register(id) }) },
	// renews ID...: its session has ended, and it has another one.
	"renews": func(s *script, args []string) { s.each(args, func(id int32) { s.m.renew(id) }) },
	// gone ID...: its session ends.
	"gone": func(s *script, args []string) { s.each(args, func(id int32) { s.m.remove(kzk.BrokerPath(id)) }) },
	// refuses ID...: nobody listens there, but the session lasts.
	"refuses": func(s *script, args []string) {
		s.each(args, func(id int32) { s.m.dead[id] = s.m.image.Image().Brokers[id].Epoch })
	},
	// answers ID...: somebody listens there after all.
	"answers": func(s *script, args []string) { s.each(args, func(id int32) { delete(s.m.dead, id) }) },
	// leaves ID...: it asks for a controlled shutdown.
	"leaves": func(s *script, args []string) {
		s.each(args, func(id int32) { s.m.leaving[id] = s.m.image.Image().Brokers[id].Epoch })
	},
	// remaining ID: what a broker that leaves still leads.
	"remaining": func(s *script, args []string) {
		s.each(args, func(id int32) { s.say("%v", controller.Remaining(s.m.input(), id)) })
	},
	// topic NAME REPLICAS...: somebody creates a topic.
	"topic": func(s *script, args []string) { s.topic(args[0], args[1:], true) },
	// old-topic NAME REPLICAS...: a tool of Kafka 2.7 creates it, without an id.
	"old-topic": func(s *script, args []string) { s.topic(args[0], args[1:], false) },
	// old-alter NAME REPLICAS...: a tool of Kafka 2.7 rewrites it, and drops the id.
	"old-alter": func(s *script, args []string) {
		t := *s.m.image.Image().Topics[args[0]]
		t.HasID, t.Partitions = false, assignment(s.t, args[1:])
		s.m.set(kzk.TopicPath(args[0]), kzk.EncodeTopic(&t))
	},
	// forget: another controller takes over, which has seen nothing yet.
	"forget": func(s *script, _ []string) { clear(s.m.ids); clear(s.m.dead); clear(s.m.leaving) },
	// unclean NAME: unclean.leader.election.enable holds for the topic.
	"unclean": func(s *script, args []string) { s.m.unclean[args[0]] = true },
	// isr PARTITION BROKERS: its leader writes the ISR.
	"isr": func(s *script, args []string) {
		tp := partitionOf(s.t, args[0])
		st := *s.m.image.Image().Partition(tp.Topic, tp.Partition).State
		st.ISR, st.Offline = brokersOf(s.t, args[1]), nil
		s.m.set(kzk.StatePath(tp.Topic, tp.Partition), kzk.EncodeState(&st))
	},
	// offline PARTITION: its leader, alone in the ISR, writes that its log folder has failed.
	"offline": func(s *script, args []string) {
		tp := partitionOf(s.t, args[0])
		image := s.m.image.Image()
		st := *image.Partition(tp.Topic, tp.Partition).State
		st.Offline = maps.Clone(st.Offline)
		if st.Offline == nil {
			st.Offline = make(map[int32]int64)
		}
		st.Offline[st.Leader] = image.Brokers[st.Leader].FirstEpoch
		st.Leader, st.LeaderEpoch = -1, st.LeaderEpoch+1
		s.m.set(kzk.StatePath(tp.Topic, tp.Partition), kzk.EncodeState(&st))
	},
	// delete NAME...: somebody marks topics for deletion.
	"delete": func(s *script, args []string) {
		for _, name := range args {
			s.m.create(kzk.DeleteTopicPath(name), "")
		}
	},
	// no-deletion: delete.topic.enable=false.
	"no-deletion": func(s *script, _ []string) { s.m.keepTopics = true },
	// elect preferred|unclean PARTITION: ElectLeaders.
	"elect": func(s *script, args []string) {
		tp := partitionOf(s.t, args[1])
		c, code := controller.Elect(s.m.input(), tp.Topic, tp.Partition, args[0] == "unclean")
		if code != kproto.NoError {
			s.say("%s", code.Name())
			return
		}
		s.carryOut([]controller.Change{c})
	},
	// move PARTITION=BROKERS|PARTITION=back ...: AlterPartitionReassignments.
	"move": func(s *script, args []string) {
		moves := make([]controller.Move, len(args))
		for i, r := range reassignment(s.t, args) {
			moves[i] = controller.Move(r)
		}
		changes, refused := controller.Reassign(s.m.input(), moves)
		for i := range moves {
			if r, ok := refused[i]; ok {
				s.say("%s: %s: %s", args[i], r.Code.Name(), r.Message)
			}
		}
		s.carryOut(changes)
	},
	// old-move PARTITION=BROKERS...: kafka-reassign-partitions.sh --zookeeper of Kafka 2.7.
	"old-move": func(s *script, args []string) {
		s.m.create(kzk.ReassignmentPath, string(kzk.EncodeReassignment(&kzk.Reassignment{Partitions: reassignment(s.t, args)})))
	},
	// old-prefer PARTITION...: kafka-preferred-replica-election.sh --zookeeper.
	"old-prefer": func(s *script, args []string) {
		var list []kzk.TopicPartition
		for _, arg := range args {
			list = append(list, partitionOf(s.t, arg))
		}
		s.m.create(kzk.PreferredElectionPath, string(kzk.EncodePartitions(list)))
	},
	// rebalance: the time for it has come.
	"rebalance": func(s *script, _ []string) { s.carryOut(controller.Rebalance(s.m.input(), 10)) },
	// run: carry out what is due, until nothing is.
	"run": func(s *script, _ []string) { s.run() },
	// show NAME: the topic's partitions.
	"show": func(s *script, args []string) { s.show(args[0]) },
	// znodes ROOT: the paths from there.
	"znodes": func(s *script, args []string) {
		for _, path := range s.m.paths(args[0]) {
			s.say("%s", path)
		}
	},
	// data PATH: what a znode holds.
	"data": func(s *script, args []string) { s.say("%s", s.m.nodes[args[0]].data) },
}

func (s *script) each(args []string, do func(id int32)) {
	for _, arg := range args {
		do(brokersOf(s.t, arg)[0])
	}
}

func (s *script) topic(name string, replicas []string, id bool) {
	t := kzk.Topic{Name: name, HasID: id, Partitions: assignment(s.t, replicas)}
	if id {
		copy(t.ID[:], "an id of "+name+" ........")
	}
	s.m.create(kzk.TopicPath(name), string(kzk.EncodeTopic(&t)))
}

// run answers with what was done in each turn, turns apart.
func (s *script) run() {
	for turn := 1; ; turn++ {
		if turn > 10 {
			s.t.Fatalf("it does not end:\n%s", s.out.String())
		}
		s.m.learnIDs()
		changes := controller.Plan(s.m.input())
		if len(changes) == 0 {
			return
		}
		if turn > 1 {
			s.say("then")
		}
		s.carryOut(changes)
	}
}

func (s *script) carryOut(changes []controller.Change) {
	for _, c := range changes {
		if code := s.m.carryOut(c); code != zkproto.OK {
			s.t.Fatalf("%s: %v", c.What, code)
		}
		s.say("%s", c.What)
	}
}

func (s *script) show(name string) {
	t := s.m.image.Image().Topics[name]
	if t == nil {
		s.say("no topic %s", name)
		return
	}
	for _, id := range t.IDs() {
		p := t.Partitions[id]
		line := fmt.Sprintf("%s-%d: replicas %d", name, id, p.Replicas)
		if len(p.Adding)+len(p.Removing) > 0 {
			line += fmt.Sprintf(", adding %d, removing %d", p.Adding, p.Removing)
		}
		if st := p.State; st == nil {
			line += ", no state"
		} else {
			line += fmt.Sprintf(", leader %d, ISR %d, leader epoch %d, controller epoch %d", st.Leader, st.ISR, st.LeaderEpoch, st.ControllerEpoch)
		}
		s.say("%s", line)
	}
}

func assignment(t *testing.T, replicas []string) map[int32]*kzk.Partition {
	m := make(map[int32]*kzk.Partition)
	for i, list := range replicas {
		m[int32(i)] = &kzk.Partition{Replicas: brokersOf(t, list)}
	}
	return m
}

func reassignment(t *testing.T, args []string) []kzk.ReassignPartition {
	var list []kzk.ReassignPartition
	for _, arg := range args {
		tp, replicas, _ := strings.Cut(arg, "=")
		r := kzk.ReassignPartition{TopicPartition: partitionOf(t, tp)}
		if replicas != "back" {
			r.Replicas = brokersOf(t, replicas)
		}
		list = append(list, r)
	}
	return list
}

func partitionOf(t *testing.T, text string) kzk.TopicPartition {
	i := strings.LastIndexByte(text, '-')
	if i < 0 {
		t.Fatalf("%q is no partition", text)
	}
	return kzk.TopicPartition{Topic: text[:i], Partition: brokersOf(t, text[i+1:])[0]}
}

func brokersOf(t *testing.T, text string) []int32 {
	ids := []int32{}
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil && word != "" {
			t.Fatalf("%q is no list of brokers", text)
		}
		if word != "" {
			ids = append(ids, int32(n))
		}
	}
	return slices.Clip(ids)
}
