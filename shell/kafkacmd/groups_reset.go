package kafkacmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// OffsetsReset is the result of groups reset.
type OffsetsReset struct {
	Offsets  []NewOffset `json:"offsets"`
	Executed bool        `json:"executed"`
	// csv draws them as --from-file reads them, several tells that the group stands in each line.
	csv, several bool
}

// NewOffset is where a group goes on in a partition.
type NewOffset struct {
	Group string `json:"group"`
	kmodel.TopicPartition
	Was    *int64 `json:"was"` // the commit before, null for none
	Offset int64  `json:"offset"`
}

// View is a table, or lines of CSV.
func (r OffsetsReset) View() render.View {
	if r.csv {
		var lines []string
		for _, o := range r.Offsets {
			line := fmt.Sprintf("%s,%d,%d", o.Topic, o.Partition, o.Offset)
			if r.several {
				line = o.Group + "," + line
			}
			lines = append(lines, line)
		}
		return render.Text{Lines: lines}
	}
	t := render.Table{Columns: []render.Column{{Name: "group"}, {Name: "topic"}, {Name: "partition", Right: true}, {Name: "was", Right: true}, {Name: "new", Right: true}}}
	for _, o := range r.Offsets {
		t.Rows = append(t.Rows, []render.Cell{{Text: o.Group, Role: theme.Path}, {Text: o.Topic}, {Text: itoa(int64(o.Partition))},
			{Text: number(o.Was)}, {Text: itoa(o.Offset), Role: theme.Value}})
	}
	return t
}

// reset is what groups reset is to do.
type reset struct {
	topics    []string
	allTopics bool
	to        target
	file      string
	execute   bool
	csv       bool
}

var groupsReset = command.Spec{
	Name:  "reset",
	Group: command.Cluster,
	Args:  []command.Arg{{Name: "GROUP", Kind: command.ConsumerGroup, Optional: true, Repeat: true}},
	Short: "move the offsets from which groups go on",
	Long: "It shows what would change; --execute does it. A group must have no members for that. --topic names where, as\n" +
		"TOPIC or TOPIC:0,2-4, --all-topics is all that the group has committed. Offsets outside of what a partition\n" +
		"holds are moved to its beginning or end. A file has lines topic,partition,offset or group,topic,partition,offset,\n" +
		"which --export writes. A group that is not there is made.",
	Examples: []command.Example{
		{Line: "reset billing --topic orders --to-earliest", Means: "what reading all again would change"},
		{Line: "reset billing --topic orders:0 --to-offset 100 --execute", Means: "go on at 100"},
		{Line: "reset billing --all-topics --to-datetime 2024-05-01T00:00:00Z --execute", Means: "go on with the records of a day"},
		{Line: "reset billing --topic orders --by-duration PT1H --execute", Means: "read the last hour again"},
		{Line: "reset billing --topic orders --shift-by -10 --execute", Means: "read ten of each partition again"},
		{Line: "reset billing --from-file offsets.csv --execute", Means: "what a file says"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		var r reset
		fs.StringArrayVar(&r.topics, "topic", nil, "a `TOPIC`, or some of its partitions as in orders:0,2-4; may be repeated")
		fs.BoolVar(&r.allTopics, "all-topics", false, "all topics that the group has committed offsets of")
		allGroups := fs.Bool("all-groups", false, "all groups")
		r.to.bind(fs)
		fs.StringVar(&r.file, "from-file", "", "to what a `FILE` says")
		fs.BoolVar(&r.execute, "execute", false, "do it")
		dryRun := fs.Bool("dry-run", false, "only show it: what happens without --execute")
		fs.BoolVar(&r.csv, "export", false, "show it as --from-file reads it")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if err := r.check(fs, *allGroups, len(args)); err != nil {
				return nil, err
			}
			if *dryRun && r.execute {
				return nil, command.Usagef("--dry-run and --execute exclude each other")
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			return r.run(ctx, env, kafka, texts(args), *allGroups)
		}
	},
}

func (r *reset) check(fs *pflag.FlagSet, allGroups bool, groups int) error {
	ways := r.to.given(fs)
	if r.file != "" {
		ways++
	}
	switch {
	case allGroups == (groups > 0):
		return command.Usagef("either GROUPs or --all-groups are to be reset")
	case ways != 1:
		return command.Usagef("exactly one of --from-file, %s says where to", strings.Join(targetFlags, ", "))
	case r.file != "" && (r.allTopics || len(r.topics) > 0):
		return command.Usagef("the file of --from-file says which topics: no other flag may")
	case r.file == "" && r.allTopics == (len(r.topics) > 0):
		return command.Usagef("either --topic or --all-topics says where")
	}
	return r.to.parse(fs)
}

func (r *reset) run(ctx context.Context, env *command.Env, kafka command.Kafka, names []string, allGroups bool) (render.Result, error) {
	var err error
	if allGroups {
		if names, err = groupNames(ctx, kafka); err != nil {
			return nil, err
		}
	}
	var fromFile []NewOffset
	if r.file != "" {
		if fromFile, err = readOffsets(r.file, names); err != nil {
			return nil, err
		}
	}
	result := OffsetsReset{Offsets: []NewOffset{}, Executed: r.execute, csv: r.csv, several: len(names) > 1}
	described, err := describeGroups(ctx, kafka, names)
	if err != nil {
		return nil, err
	}
	var failures []failure
	groups := 0
	for _, g := range described {
		planned, err := r.plan(ctx, env, kafka, g, fromFile)
		if err == nil && r.execute {
			planned, err = commit(ctx, kafka, g.Name, planned)
		}
		result.Offsets = append(result.Offsets, planned...)
		if err != nil {
			failures = append(failures, failure{g.Name, err})
		} else {
			groups++
		}
	}
	if !r.execute && len(result.Offsets) > 0 && !r.csv {
		env.Notify("groups reset: nothing was changed: --execute does it")
	}
	return result, incomplete(groups, failures, "groups")
}

// plan finds the new offsets of a group.
func (r *reset) plan(ctx context.Context, env *command.Env, kafka command.Kafka, g kmodel.Group, fromFile []NewOffset) ([]NewOffset, error) {
	if g.Err != nil {
		return nil, g.Err
	}
	if g.State != dead && g.State != "Empty" {
		return nil, &activeError{g}
	}
	commits, err := kafka.GroupOffsets(ctx, g.Name)
	if err != nil {
		return nil, err
	}
	was := map[kmodel.TopicPartition]int64{}
	for _, c := range commits {
		if c.Err != nil {
			return nil, c.Err
		}
		if c.Offset >= 0 {
			was[c.TopicPartition] = c.Offset
		}
	}
	partitions, err := r.partitions(ctx, kafka, g, was, fromFile)
	if err != nil || len(partitions) == 0 {
		return nil, err
	}
	wanted := make([]int64, len(partitions))
	if r.file != "" {
		for i, p := range partitions {
			j := slices.IndexFunc(fromFile, func(o NewOffset) bool { return o.TopicPartition == p && (o.Group == "" || o.Group == g.Name) })
			wanted[i] = fromFile[j].Offset
		}
	} else if wanted, err = r.to.offsets(ctx, kafka, partitions, was); err != nil {
		return nil, err
	}
	return clamp(ctx, env, kafka, g.Name, partitions, wanted, was)
}

// partitions are those that are to be reset.
func (r *reset) partitions(ctx context.Context, kafka command.Kafka, g kmodel.Group, was map[kmodel.TopicPartition]int64, fromFile []NewOffset) ([]kmodel.TopicPartition, error) {
	var lists []string
	switch {
	case r.file != "":
		for _, o := range fromFile {
			if o.Group == "" || o.Group == g.Name {
				lists = append(lists, fmt.Sprintf("%s:%d", o.Topic, o.Partition))
			}
		}
	case r.allTopics:
		if g.State == dead {
			return nil, noGroup(ctx, kafka, g.Name)
		}
		for p := range was {
			lists = append(lists, fmt.Sprintf("%s:%d", p.Topic, p.Partition))
		}
	default:
		lists = r.topics
	}
	return scope(ctx, kafka, lists)
}

// clamp moves offsets into what the partitions hold, and says so.
func clamp(ctx context.Context, env *command.Env, kafka command.Kafka, group string, partitions []kmodel.TopicPartition, wanted []int64, was map[kmodel.TopicPartition]int64) ([]NewOffset, error) {
	starts, err := kafka.Offsets(ctx, partitions, kmodel.Earliest)
	if err != nil {
		return nil, err
	}
	ends, err := kafka.Offsets(ctx, partitions, kmodel.Latest)
	if err != nil {
		return nil, err
	}
	var out []NewOffset
	for i, p := range partitions {
		if err := cmp.Or(starts[i].Err, ends[i].Err); err != nil {
			return nil, command.At(p.String(), err)
		}
		offset := min(max(wanted[i], starts[i].Offset), ends[i].Offset)
		if offset != wanted[i] {
			env.Notifyf("groups reset %s: %s holds offsets %d to %d: %d becomes %d", group, p, starts[i].Offset, ends[i].Offset, wanted[i], offset)
		}
		n := NewOffset{Group: group, TopicPartition: p, Offset: offset}
		if before, ok := was[p]; ok {
			n.Was = &before
		}
		out = append(out, n)
	}
	return out, nil
}

// commit makes the offsets those of the group. It returns those that have become so.
func commit(ctx context.Context, kafka command.Kafka, group string, planned []NewOffset) ([]NewOffset, error) {
	if len(planned) == 0 {
		return nil, nil
	}
	offsets := make([]kmodel.PartitionOffset, len(planned))
	for i, p := range planned {
		offsets[i] = kmodel.PartitionOffset{TopicPartition: p.TopicPartition, Offset: p.Offset, LeaderEpoch: -1}
	}
	answers, err := kafka.CommitOffsets(ctx, group, offsets)
	if err != nil {
		return nil, err
	}
	var done []NewOffset
	var failures []failure
	for i, a := range answers {
		if a.Err != nil {
			failures = append(failures, failure{a.TopicPartition.String(), a.Err})
		} else {
			done = append(done, planned[i])
		}
	}
	return done, incomplete(len(done), failures, "partitions")
}

// activeError tells that a group has members, which would go on where they are.
type activeError struct{ group kmodel.Group }

func (e *activeError) Error() string {
	return fmt.Sprintf("its offsets move only while it has no members, and it is %s with %s: %s",
		e.group.State, count(len(e.group.Members), "member"), e.members())
}

func (e *activeError) members() string {
	var members []string
	for _, m := range e.group.Members {
		members = append(members, m.ID+" ("+strings.TrimPrefix(m.Host, "/")+")")
	}
	return shorten(members, 5)
}
