package check

import "testing"

func TestLedger_BitesWhereAServerLied(t *testing.T) {
	a, b, c := Present("a"), Present("b"), Present("c")
	type write struct {
		to      State
		outcome Outcome
	}
	for name, test := range map[string]struct {
		writes []write
		good   []State
		bad    []State
	}{
		"nothing written":                 {nil, []State{Absent}, []State{a}},
		"acknowledged":                    {[]write{{a, Acknowledged}}, []State{a}, []State{Absent, b}},
		"refused":                         {[]write{{a, Acknowledged}, {b, Refused}}, []State{a}, []State{b, Absent}},
		"no answer":                       {[]write{{a, Acknowledged}, {b, Unknown}}, []State{a, b}, []State{Absent, c}},
		"no answer twice":                 {[]write{{a, Acknowledged}, {b, Unknown}, {c, Unknown}}, []State{a, b, c}, []State{Absent}},
		"no answer, then acknowledged":    {[]write{{a, Unknown}, {b, Acknowledged}}, []State{b}, []State{a, Absent}},
		"deletion without an answer":      {[]write{{a, Acknowledged}, {Absent, Unknown}}, []State{a, Absent}, []State{b}},
		"acknowledged deletion":           {[]write{{a, Acknowledged}, {Absent, Acknowledged}}, []State{Absent}, []State{a}},
		"value that was empty, not gone":  {[]write{{Present(""), Acknowledged}}, []State{Present("")}, []State{Absent}},
		"refused before anything existed": {[]write{{a, Refused}}, []State{Absent}, []State{a}},
	} {
		ledger := func() *Ledger {
			l := new(Ledger)
			for _, w := range test.writes {
				l.Wrote("/p", w.to, w.outcome)
			}
			return l
		}
		for _, s := range test.good {
			if err := ledger().Verify("/p", s); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, s := range test.bad {
			if err := ledger().Verify("/p", s); err == nil {
				t.Errorf("%s: %v was accepted", name, s)
			}
		}
	}
}

func TestLedger_WhatWasSeenMustStay(t *testing.T) {
	var l Ledger
	l.Wrote("/p", Present("a"), Unknown)
	if err := l.Verify("/p", Present("a")); err != nil {
		t.Fatal(err)
	}
	if err := l.Verify("/p", Absent); err == nil {
		t.Error("a value that had been read was gone, and nothing was said")
	}
}
