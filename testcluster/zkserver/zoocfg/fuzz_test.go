package zoocfg

import "testing"

// FuzzParse: no text makes the reader of a whole configuration panic, and one that it takes is complete.
func FuzzParse(f *testing.F) {
	f.Add("dataDir=/nowhere\nclientPort=2181\n")
	f.Add("dataDir=/nowhere\nserver.1=[::1]:2888:3888:observer|h:1:2;[::1]:2181\ngroup.1=1:2\nweight.1=2")
	f.Add("dataDir=/nowhere\nclientPort=2181\nadmin.commandURL=/\nsnapshot.compression.method=gz\n4lw.commands.whitelist=*, ,a")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, _, err := Parse("/nowhere/zoo.cfg", text, nil)
		if err == nil && (cfg.DataDir == "" || cfg.Client.Port == 0 || cfg.TickTime <= 0) {
			t.Fatalf("incomplete: %+v", cfg)
		}
	})
}

func TestParse_BadEscape(t *testing.T) {
	_, _, err := Parse("f", "\n dataDir=\\u12", nil)
	if want := `f:2: dataDir: \u is not followed by four hexadecimal digits`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
