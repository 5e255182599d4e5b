package kafka

import (
	"io"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

func TestMentions(t *testing.T) {
	for _, c := range []struct {
		layout     string
		key, value bool
	}{
		{`%v\n`, false, true},
		{`%k\t%v\n`, true, true},
		{`%H%h{%k=%v,}%v\n`, false, true},
		{`%H%h{%k=%v,}\n`, false, false},
		{`%%k%v`, false, true},
		{`\%k`, false, false},
		{`%K%k%V{big32}%v`, true, true},
		{`%{%k%}`, true, false},
	} {
		if mentions(c.layout, 'k') != c.key || mentions(c.layout, 'v') != c.value {
			t.Errorf("%s: key %v, value %v", c.layout, mentions(c.layout, 'k'), mentions(c.layout, 'v'))
		}
	}
}

func TestReader_EmptyIsNotNull(t *testing.T) {
	r, err := NewReader(`%k,%v\n`, strings.NewReader(",\na,b\n"))
	if err != nil {
		t.Fatal(err)
	}
	var rec kmodel.Record
	if err := r.Read(&rec); err != nil || rec.Key == nil || rec.Value == nil {
		t.Errorf("%+v, %v", rec, err)
	}
	if err := r.Read(&rec); err != nil || string(rec.Key) != "a" || string(rec.Value) != "b" {
		t.Errorf("%+v, %v", rec, err)
	}
	if err := r.Read(&rec); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// Formatting is by the client's own record where there is one, and by the fields where there is none.
func TestFormatter(t *testing.T) {
	f, err := NewFormatter(`%t %p %o %d %k %v %H%h{[%k=%v]}\n`)
	if err != nil {
		t.Fatal(err)
	}
	rec := kmodel.Record{Topic: "t", Partition: 1, Offset: 2, Timestamp: 3, Key: []byte("k"), Headers: []kmodel.Header{{Key: "a", Value: []byte("b")}, {Key: "c"}}}
	if got, want := string(f.Append(nil, &rec)), "t 1 2 3 k  2[a=b][c=]\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := NewFormatter("%!"); err == nil {
		t.Error("a layout that means nothing was taken")
	}
}
