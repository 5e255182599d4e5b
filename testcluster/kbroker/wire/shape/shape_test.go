package shape

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// filler fills requests at random. A failure names its seed.
type filler struct {
	*rand.Rand
	most int // elements of a list
	tags int // of a structure
}

func (f filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		f.structure(v)
	case reflect.Slice:
		n := f.IntN(f.most + 1)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fill(v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Pointer:
		if f.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.String:
		v.SetString(strings.Repeat("x", f.IntN(4)*f.IntN(100)))
	case reflect.Bool:
		v.SetBool(f.IntN(2) == 0)
	case reflect.Float64:
		v.SetFloat(f.Float64())
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		v.SetUint(f.Uint64() >> (64 - v.Type().Bits()))
	default:
		v.SetInt(int64(f.Uint64()) >> (64 - v.Type().Bits()))
	}
}

func (f filler) structure(v reflect.Value) {
	if tags, ok := v.Addr().Interface().(*kmsg.Tags); ok {
		for i := range f.IntN(f.tags + 1) {
			tags.Set(uint32(1000+i*100), make([]byte, f.IntN(200)))
		}
		return
	}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != "Version" {
			f.fill(v.Field(i))
		}
	}
}

func (f filler) request(key, version int16) kmsg.Request {
	req := kmsg.RequestForKey(key)
	f.fill(reflect.ValueOf(req).Elem())
	req.SetVersion(version)
	return req
}

// each calls fn with every API and version of the table.
func each(t *testing.T, fn func(t *testing.T, s *Shape, key, version int16)) {
	for _, key := range slices.Sorted(maps.Keys(table)) {
		s := For(key)
		for version := range kmsg.RequestForKey(key).MaxVersion() + 1 {
			t.Run(fmt.Sprintf("%s/%d", kmsg.NameForKey(key), version), func(t *testing.T) { fn(t, s, key, version) })
		}
	}
}

// TestTable: what kmsg encodes has the shape, to its last byte, and no beginning of it has.
func TestTable(t *testing.T) {
	const seed = 20260002
	f := filler{rand.New(rand.NewPCG(seed, 0)), 3, 2}
	each(t, func(t *testing.T, s *Shape, key, version int16) {
		for range 10 {
			req := f.request(key, version)
			body := req.AppendTo(nil)
			w := walker{body: body, version: version, flexible: req.IsFlexible()}
			if err := w.fields(s.fields, true); err != nil {
				t.Fatalf("seed %d: %v\n%x", seed, err, body)
			}
			if w.left() > 0 {
				t.Fatalf("seed %d: %d bytes are left of\n%x", seed, w.left(), body)
			}
			for n := range body {
				if _, err := s.Check(body[:n], version, req.IsFlexible()); err == nil {
					t.Fatalf("seed %d: %d bytes pass of\n%x", seed, n, body)
				}
			}
		}
	})
}

// TestCost: kmsg takes no more memory than announced, for messages that have many elements and few bytes.
func TestCost(t *testing.T) {
	const seed = 20260003
	for _, f := range []filler{{most: 60}, {most: 40, tags: 1}, {most: 20, tags: 20}} {
		f.Rand = rand.New(rand.NewPCG(seed, uint64(f.most)))
		each(t, func(t *testing.T, s *Shape, key, version int16) {
			req := f.request(key, version)
			body := req.AppendTo(nil)
			cost, err := s.Check(body, version, req.IsFlexible())
			if err != nil {
				t.Fatal(err)
			}
			again := kmsg.RequestForKey(key)
			again.SetVersion(version)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err = again.ReadFrom(body)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if took := int(after.TotalAlloc - before.TotalAlloc); took > cost+4<<10 {
				t.Errorf("seed %d: %d bytes of body took %d, announced are %d", seed, len(body), took, cost)
			}
		})
	}
}

// TestElementCost: no structure of a request is larger than what is counted for it.
func TestElementCost(t *testing.T) {
	var check func(typ reflect.Type)
	check = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Slice:
			if n := typ.Elem().Size(); n > structCost {
				t.Errorf("%s has %d bytes", typ.Elem(), n)
			}
			check(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				check(typ.Field(i).Type)
			}
		}
	}
	for key := range table {
		check(reflect.TypeOf(kmsg.RequestForKey(key)).Elem())
	}
}

func TestCheck_NamesWhatDoesNotFit(t *testing.T) {
	metadata, create := int16(kmsg.Metadata), int16(kmsg.CreateTopics)
	for name, c := range map[string]struct {
		key, version int16
		flexible     bool
		body         []byte
		want         string
	}{
		"tags of 2^32": {metadata, 9, true, []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f},
			"tags at byte 4: 4294967295 tagged fields, where 0 bytes are left"},
		"tags of an element": {metadata, 9, true, []byte{2, 1, 0xff, 0xff, 0x03, 0, 0, 0, 0},
			"topics[0].tags at byte 2: 65535 tagged fields, where 4 bytes are left"},
		"tag's size":    {metadata, 9, true, []byte{0, 0, 0, 0, 1, 1, 9, 0}, "tags at byte 4: 9 bytes, where 1 are left"},
		"list":          {metadata, 0, false, []byte{0x7f, 0xff, 0xff, 0xff}, "topics at byte 0: 2147483647 elements, where 0 bytes are left"},
		"compact list":  {metadata, 9, true, []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, "topics at byte 0: 4294967294 elements, where 0 bytes are left"},
		"negative list": {metadata, 0, false, []byte{0xff, 0xff, 0xff, 0xfe}, "topics at byte 0: a length of -2"},
		"string":        {metadata, 0, false, []byte{0, 0, 0, 1, 0, 9, 'x'}, "topics[0].topic at byte 4: 9 bytes, where 1 are left"},
		"null string":   {metadata, 0, false, []byte{0, 0, 0, 1, 0xff, 0xff}, "topics[0].topic at byte 4: a string that must not be null"},
		"varint":        {metadata, 9, true, []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0}, "topics at byte 0: a varint that breaks off, or is too large"},
		"numbers": {create, 0, false, []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0},
			"topics[0].replicaAssignment[0].replicas at byte 20: 8 bytes, where 4 are left"},
		"nothing": {create, 0, false, nil, "topics at byte 0: 4 bytes, where 0 are left"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := For(c.key).Check(c.body, c.version, c.flexible)
			var e *Error
			if !errors.As(err, &e) || e.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestFor_UnknownAPI(t *testing.T) {
	if s := For(int16(kmsg.Produce)); s != nil {
		t.Errorf("Produce has a shape: %+v", s)
	}
}

// FuzzCheck: what passes is decoded by kmsg, at once, and what kmsg encodes again passes, too.
func FuzzCheck(f *testing.F) {
	keys := slices.Sorted(maps.Keys(table))
	fill := filler{rand.New(rand.NewPCG(1, 1)), 2, 1}
	shapes := map[int16]*Shape{}
	for i, key := range keys {
		shapes[key] = For(key)
		version := kmsg.RequestForKey(key).MaxVersion()
		f.Add(byte(i), version, fill.request(key, version).AppendTo(nil))
		f.Add(byte(i), int16(0), fill.request(key, 0).AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, index byte, version int16, body []byte) {
		key := keys[int(index)%len(keys)]
		req := kmsg.RequestForKey(key)
		req.SetVersion(max(0, min(version, req.MaxVersion())))
		if _, err := shapes[key].Check(body, req.GetVersion(), req.IsFlexible()); err != nil {
			return
		}
		begin := time.Now()
		if err := req.ReadFrom(body); err != nil {
			t.Fatalf("%s version %d: kmsg refuses what passes: %v", kmsg.NameForKey(key), req.GetVersion(), err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Fatalf("%s version %d: %v for %d bytes", kmsg.NameForKey(key), req.GetVersion(), took, len(body))
		}
		again := req.AppendTo(nil)
		if _, err := shapes[key].Check(again, req.GetVersion(), req.IsFlexible()); err != nil {
			t.Fatalf("%s version %d: what kmsg encodes does not pass: %v\n%x\n%x", kmsg.NameForKey(key), req.GetVersion(), err, body, again)
		}
	})
}

// BenchmarkCheck is the walk alone, for the share it takes of decoding.
func BenchmarkCheck(b *testing.B) {
	f := filler{rand.New(rand.NewPCG(1, 1)), 20, 0}
	req := f.request(int16(kmsg.OffsetCommit), 8)
	body := req.AppendTo(nil)
	s := For(req.Key())
	b.Run("check", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := s.Check(body, 8, true); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("kmsg", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if err := req.ReadFrom(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
