package kzk_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
)

func TestDecodeBroker_AllVersions(t *testing.T) {
	plain := kzk.Endpoint{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "h", Port: 9092}
	for data, want := range map[string]kzk.Broker{
		`{"version":1,"host":"h","port":9092,"jmx_port":9999,"timestamp":"2233345666"}`: {Host: "h", Port: 9092, JMXPort: 9999, TimestampMs: 2233345666, Version: 1, Endpoints: []kzk.Endpoint{plain}},
		`{"version":2,"host":"h","port":9092,"jmx_port":-1,"timestamp":"1","endpoints":["PLAINTEXT://h:9092","SSL://h:9093"]}`: {Host: "h", Port: 9092, JMXPort: -1, TimestampMs: 1, Version: 2,
			Endpoints: []kzk.Endpoint{plain, {Listener: "SSL", Security: "SSL", Host: "h", Port: 9093}}},
		`{"version":3,"host":"h","port":9092,"timestamp":1,"endpoints":["PLAINTEXT://h:9092"],"rack":"r"}`: {Host: "h", Port: 9092, JMXPort: -1, TimestampMs: 1, Version: 3, Rack: "r", HasRack: true, Endpoints: []kzk.Endpoint{plain}},
		`{"version":4,"host":null,"port":-1,"jmx_port":-1,"timestamp":"1","endpoints":["OUT://[::1]:9093"],"listener_security_protocol_map":{"OUT":"SASL_SSL"}}`: {Port: -1, JMXPort: -1, TimestampMs: 1, Version: 4,
			Endpoints: []kzk.Endpoint{{Listener: "OUT", Security: "SASL_SSL", Host: "::1", Port: 9093}}},
		`{"version":5,"host":"h","port":9092,"jmx_port":-1,"timestamp":"1","endpoints":["PLAINTEXT://h:9092"],"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},"rack":null,"features":{"f":{"min_version":1,"max_version":3}}}`: {Host: "h", Port: 9092, JMXPort: -1, TimestampMs: 1, Version: 5, Endpoints: []kzk.Endpoint{plain}},
	} {
		want.ID = 7
		if got, err := kzk.DecodeBroker(7, []byte(data)); err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s:\n%+v, %v", data, got, err)
		}
	}
}

func TestEncodeBroker_WithoutPlainListener(t *testing.T) {
	b := &kzk.Broker{ID: 1, JMXPort: -1, TimestampMs: 5, Port: -1, Version: 5, Endpoints: []kzk.Endpoint{
		{Listener: "IN", Security: "SSL", Host: "::1", Port: 1}, {Listener: "OUT", Security: "SASL_SSL", Host: "h", Port: 2}}}
	data := kzk.EncodeBroker(b)
	want := `{"features":{},"listener_security_protocol_map":{"IN":"SSL","OUT":"SASL_SSL"},"endpoints":["IN://[::1]:1","OUT://h:2"],"jmx_port":-1,"port":-1,"host":null,"version":5,"timestamp":"5"}`
	if string(data) != want {
		t.Errorf("%s", data)
	}
	if got, err := kzk.DecodeBroker(1, data); err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDecodeTopic_AllVersions(t *testing.T) {
	id, err := kproto.ParseUUID("mKwcnzhYTouHDxZokK3sng")
	if err != nil {
		t.Fatal(err)
	}
	moving := map[int32]*kzk.Partition{0: {Replicas: []int32{1, 2, 3}, Adding: []int32{3}, Removing: []int32{1}}}
	for data, want := range map[string]kzk.Topic{
		`{"version":1,"partitions":{"0":[1,2],"10":[2,1]}}`:                                                                                      {Partitions: map[int32]*kzk.Partition{0: {Replicas: []int32{1, 2}}, 10: {Replicas: []int32{2, 1}}}},
		`{"version":2,"partitions":{"0":[1,2,3]},"adding_replicas":{"0":[3]},"removing_replicas":{"0":[1]}}`:                                     {Partitions: moving},
		`{"partitions":{"0":[1,2,3]},"topic_id":"mKwcnzhYTouHDxZokK3sng","adding_replicas":{"0":[3]},"removing_replicas":{"0":[1]},"version":3}`: {Partitions: moving, ID: id, HasID: true},
		`{"version":3,"topic_id":"AAAAAAAAAAAAAAAAAAAAAA","partitions":{"0":[1,2,3]},"adding_replicas":{"0":[3]},"removing_replicas":{"0":[1]}}`: {Partitions: moving},
	} {
		want.Name = "t"
		got, err := kzk.DecodeTopic("t", []byte(data))
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s:\n%+v, %v", data, got, err)
			continue
		}
		if again, err := kzk.DecodeTopic("t", kzk.EncodeTopic(got)); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s became %+v, %v", data, again, err)
		}
	}
}

func TestDecode_Refuses(t *testing.T) {
	broker := func(b []byte) error { _, err := kzk.DecodeBroker(1, b); return err }
	topic := func(b []byte) error { _, err := kzk.DecodeTopic("t", b); return err }
	state := func(b []byte) error { _, err := kzk.DecodeState(b); return err }
	controller := func(b []byte) error { _, err := kzk.DecodeController(b); return err }
	epoch := func(b []byte) error { _, err := kzk.DecodeControllerEpoch(b); return err }
	cluster := func(b []byte) error { _, err := kzk.DecodeClusterID(b); return err }
	config := func(b []byte) error { _, err := kzk.DecodeConfig(b); return err }
	change := func(b []byte) error { _, err := kzk.DecodeConfigChange(b); return err }
	block := func(b []byte) error { _, err := kzk.DecodeProducerIDBlock(b); return err }
	reassign := func(b []byte) error { _, err := kzk.DecodeReassignment(b); return err }
	preferred := func(b []byte) error { _, err := kzk.DecodePartitions(b); return err }
	for i, c := range []struct {
		decode func([]byte) error
		data   string
	}{
		{broker, ``}, {broker, `{}`}, {broker, `{"version":1,"host":"h"}`}, {broker, `{"version":"x"}`}, {broker, `{"version":2,"endpoints":["h:1"]}`},
		{broker, `{"version":2,"endpoints":["P://h"]}`}, {broker, `{"version":2,"endpoints":["P://h:70000"]}`}, {broker, `{"version":2,"endpoints":["P://::1:1"]}`},
		{topic, ``}, {topic, `[]`}, {topic, `{"version":2}`}, {topic, `{"partitions":{"x":[1]}}`}, {topic, `{"partitions":{"-1":[1]}}`},
		{topic, `{"partitions":{"01":[1]}}`}, {topic, `{"partitions":{"0":[1,1]}}`}, {topic, `{"partitions":{"0":[-1]}}`}, {topic, `{"partitions":{},"topic_id":"x"}`},
		{state, ``}, {state, `{}`}, {state, `{"leader":1,"leader_epoch":1,"controller_epoch":1}`}, {state, `{"leader":"1","leader_epoch":1,"controller_epoch":1,"isr":[]}`},
		{controller, ``}, {controller, `{}`}, {controller, `x`}, {epoch, ``}, {epoch, `"1"`}, {cluster, `{}`}, {cluster, ``},
		{config, `{}`}, {config, `x`}, {config, `{"config":{"a":1}}`}, {change, `{}`}, {change, ``}, {change, `{"entity_type":"topics"}`},
		{block, `{}`}, {block, `{"broker":1,"block_start":"9","block_end":"0"}`}, {block, ``},
		{reassign, `{"partitions":[{"topic":"t","partition":0}]}`}, {reassign, ``}, {preferred, `{"partitions":[{"topic":"t"}]}`}, {preferred, `{"partitions":[{"partition":1}]}`},
	} {
		if err := c.decode([]byte(c.data)); err == nil {
			t.Errorf("%d: %s is taken", i, c.data)
		}
	}
}

// TestState_Offline: a state says which replicas are offline, and is Kafka's where none is.
func TestState_Offline(t *testing.T) {
	for text, offline := range map[string]map[int32]int64{
		`{"controller_epoch":1,"leader":2,"version":1,"leader_epoch":3,"isr":[2]}`:                                     nil,
		`{"controller_epoch":1,"leader":-1,"version":1,"leader_epoch":3,"isr":[2],"offline":{"2":8589934593}}`:         {2: 1<<33 + 1},
		`{"controller_epoch":1,"leader":-1,"version":1,"leader_epoch":3,"isr":[2],"offline":{"2":8589934593,"10":17}}`: {10: 17, 2: 1<<33 + 1},
	} {
		s, err := kzk.DecodeState([]byte(text))
		if err != nil || !reflect.DeepEqual(s.Offline, offline) || string(kzk.EncodeState(s)) != text {
			t.Errorf("%s is %+v, %v", text, s, err)
		}
	}
}

func TestDecode_OlderForms(t *testing.T) {
	if key, err := kzk.DecodeConfigChange([]byte(`{"version":1,"entity_type":"topics","entity_name":"t"}`)); err != nil || key != "topics/t" {
		t.Errorf("%q, %v", key, err)
	}
	if id, err := kzk.DecodeController([]byte(`7`)); err != nil || id != 7 {
		t.Errorf("%d, %v", id, err)
	}
	if c, err := kzk.DecodeConfig(nil); err != nil || c != nil {
		t.Errorf("%v, %v", c, err)
	}
	if got := string(kzk.EncodeLogDirEvent(3)); got != `{"version":1,"broker":3,"event":1}` {
		t.Error(got)
	}
}

func TestEntity(t *testing.T) {
	for key, want := range map[string]kzk.Entity{
		"topics/t":                        {Type: "topics", Name: "t"},
		"brokers/<default>":               {Type: "brokers", Name: "<default>"},
		"users/<default>":                 {Type: "users", Name: "<default>"},
		"clients/a%2Fb":                   {Type: "clients", Name: "a/b"},
		"users/u/clients/c%201":           {Type: "users", Name: "u", Client: "c 1"},
		"users/clients/clients/<default>": {Type: "users", Name: "clients", Client: "<default>"},
	} {
		got, err := kzk.ParseEntity(key)
		if err != nil || got != want || got.Key() != key || got.Path() != "/config/"+key {
			t.Errorf("%s: %+v, %v, %s", key, got, err, got.Key())
		}
	}
	if e, err := kzk.ParseEntity("users/%3Cdefault%3E"); err != nil || e.Name != "%3Cdefault%3E" {
		t.Errorf("a user of the default's name is %+v, %v", e, err)
	}
	for _, bad := range []string{"", "topics", "topics/", "users/u/clients", "users/u/clients/", "topics/a/b/c", "users/%4", "users/u/clients/%zz"} {
		if e, err := kzk.ParseEntity(bad); err == nil {
			t.Errorf("%q is %+v", bad, e)
		}
	}
	if s, err := kzk.Desanitize("a+b%2b"); err != nil || s != "a b+" {
		t.Errorf("%q, %v", s, err)
	}
}

func TestEncodeConfig_EscapesAsJackson(t *testing.T) {
	got := string(kzk.EncodeConfig(map[string]string{"b": "<&>\u2028\"\\\b\f\n\r\t\x1f\x7fü😀", "a": "\xff"}))
	want := `{"version":1,"config":{"a":"` + "\ufffd" + `","b":"<&>` + "\u2028" + `\"\\\b\f\n\r\t\u001F` + "\x7fü😀" + `"}}`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if !json.Valid([]byte(got)) {
		t.Error("that is no JSON")
	}
}

func TestParseStatePath(t *testing.T) {
	if p, ok := kzk.ParseStatePath("/brokers/topics/a.b/partitions/12/state"); !ok || p != (kzk.TopicPartition{Topic: "a.b", Partition: 12}) {
		t.Errorf("%+v, %v", p, ok)
	}
	for _, bad := range []string{"", "/brokers/topics/t", "/brokers/topics/t/partitions/state", "/brokers/topics/t/partitions/x/state",
		"/brokers/topics/t/partitions/01/state", "/brokers/topics//partitions/1/state", "/brokers/topics/t/partitions/1/state/x", "/brokers/topics/t/u/partitions/1/state"} {
		if p, ok := kzk.ParseStatePath(bad); ok {
			t.Errorf("%q is %+v", bad, p)
		}
	}
}

// FuzzDecode asks that what any decoder takes comes out the same when written and read again.
func FuzzDecode(f *testing.F) {
	paths := []string{"/brokers/ids/1", "/brokers/topics/t", "/brokers/topics/t/partitions/0/state", "/config/topics/t", "/config/changes/x",
		"/controller_epoch", "/cluster/id", "/latest_producer_id_block", "/admin/reassign_partitions", "/admin/preferred_replica_election"}
	for i, path := range paths {
		for _, n := range captured(f, "kafka-2.7.2.txt") {
			if n.path == path {
				f.Add(i, n.data)
			}
		}
	}
	f.Add(0, []byte(`{"version":4,"host":null,"port":-1,"endpoints":["OUT://[::1]:9093"],"listener_security_protocol_map":{"OUT":"SASL_SSL"}}`))
	f.Add(1, []byte(`{"version":2,"partitions":{"0":[1,2,3]},"adding_replicas":{"0":[3]},"removing_replicas":{"0":[1]}}`))
	f.Add(2, []byte(`{"controller_epoch":1,"leader":-1,"version":1,"leader_epoch":2,"isr":[1]}`))
	f.Add(2, []byte(`{"controller_epoch":1,"leader":-1,"version":1,"leader_epoch":2,"isr":[1],"offline":{"1":7,"3":8589934593}}`))
	f.Fuzz(func(t *testing.T, i int, data []byte) {
		path := paths[uint(i)%uint(len(paths))]
		once, err := again(path, data)
		if err != nil {
			return
		}
		twice, err := again(path, once)
		if err != nil || string(once) != string(twice) {
			t.Fatalf("%s: %q became %q and then %q, %v", path, data, once, twice, err)
		}
	})
}
