package codec

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

var all = []kproto.Codec{kproto.CodecNone, kproto.CodecGzip, kproto.CodecSnappy, kproto.CodecLZ4, kproto.CodecZstd}

func samples() [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	return [][]byte{{}, {7}, []byte("hello hello hello hello"), bytes.Repeat([]byte("zoka"), 100_000), noise}
}

func TestRoundTrip(t *testing.T) {
	var c Coder
	for _, codec := range all {
		for i, plain := range samples() {
			packed, err := c.Compress(codec, []byte("head"), plain)
			if err != nil || !bytes.HasPrefix(packed, []byte("head")) {
				t.Fatalf("%s sample %d: %v", codec, i, err)
			}
			got, err := c.Decompress(codec, packed[4:], 1<<20)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%s sample %d: %d bytes of %d, %v", codec, i, len(got), len(plain), err)
			}
		}
	}
}

// TestDecompress_ZstdStream: a frame made as a stream has a window that is larger than what it holds, and than the limit.
func TestDecompress_ZstdStream(t *testing.T) {
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(8<<20))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := w.Write([]byte("some ")); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{15, 1 << 20, 200 << 20} {
		var c Coder
		got, err := c.DecompressInto([]byte("room"), kproto.CodecZstd, packed.Bytes(), limit)
		if err != nil || string(got) != "some some some " {
			t.Errorf("limit %d: %q %v", limit, got, err)
		}
	}
	var size *SizeError
	if _, err := new(Coder).Decompress(kproto.CodecZstd, packed.Bytes(), 14); !errors.As(err, &size) {
		t.Errorf("limit 14: %v", err)
	}
}

func TestDecompress_RawSnappy(t *testing.T) {
	var c Coder
	got, err := c.Decompress(kproto.CodecSnappy, snappy.Encode(nil, []byte("some some some")), 100)
	if err != nil || string(got) != "some some some" {
		t.Fatalf("%q %v", got, err)
	}
}

func TestDecompress_Bomb(t *testing.T) {
	var c Coder
	plain := make([]byte, 8<<20)
	for _, codec := range all[1:] {
		packed, err := c.Compress(codec, nil, plain)
		if err != nil {
			t.Fatal(err)
		}
		var size *SizeError
		if _, err := c.Decompress(codec, packed, 1<<20); !errors.As(err, &size) || size.Codec != codec {
			t.Errorf("%s: %v", codec, err)
		}
		if got, err := c.Decompress(codec, packed, len(plain)); err != nil || len(got) != len(plain) {
			t.Errorf("%s at the limit: %d bytes, %v", codec, len(got), err)
		}
	}
}

func TestUnknownCodec(t *testing.T) {
	var c Coder
	var unknown *UnknownError
	if _, err := c.Decompress(5, []byte{1}, 10); !errors.As(err, &unknown) {
		t.Error(err)
	}
	if _, err := c.Compress(6, nil, []byte{1}); !errors.As(err, &unknown) {
		t.Error(err)
	}
}

// FuzzDecompress: arbitrary bytes are an error or an answer within the limit, without memory out
// of proportion.
func FuzzDecompress(f *testing.F) {
	var c Coder
	for _, codec := range all {
		for _, plain := range samples()[:4] {
			packed, err := c.Compress(codec, nil, plain)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(int8(codec), packed)
		}
	}
	f.Fuzz(func(t *testing.T, codec int8, src []byte) {
		const limit = 1 << 20
		var c Coder
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out, err := c.Decompress(kproto.Codec(codec), src, limit)
		runtime.ReadMemStats(&after)
		if err == nil && codec != 0 && len(out) > limit {
			t.Fatalf("%d bytes", len(out))
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
			t.Fatalf("%d bytes allocated for %d", got, len(src))
		}
	})
}
