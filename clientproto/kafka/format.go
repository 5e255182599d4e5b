package kafka

import (
	"io"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// Formatter writes records in franz-go's format language.
type Formatter struct {
	f   *kgo.RecordFormatter
	rec kgo.Record
}

// NewFormatter parses a layout, such as `%t[%p]@%o %d{strftime[%F %T]} %k: %v\n`.
func NewFormatter(layout string) (*Formatter, error) {
	f, err := kgo.NewRecordFormatter(layout)
	if err != nil {
		return nil, &ConfigError{Err: err}
	}
	return &Formatter{f: f}, nil
}

// Append appends a record to dst.
func (f *Formatter) Append(dst []byte, r *kmodel.Record) []byte {
	if own, ok := r.Source.(*kgo.Record); ok {
		return f.f.AppendRecord(dst, own)
	}
	f.rec = kgo.Record{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, LeaderEpoch: r.LeaderEpoch,
		Timestamp: time.UnixMilli(r.Timestamp), Key: r.Key, Value: r.Value, Headers: f.rec.Headers[:0],
	}
	for _, h := range r.Headers {
		f.rec.Headers = append(f.rec.Headers, kgo.RecordHeader(h))
	}
	return f.f.AppendRecord(dst, &f.rec)
}

// Reader reads records in franz-go's format language.
type Reader struct {
	r          *kgo.RecordReader
	rec        kgo.Record
	key, value bool // the layout has them
}

// NewReader parses a layout, such as `%k\t%v\n`.
func NewReader(layout string, r io.Reader) (*Reader, error) {
	reader, err := kgo.NewRecordReader(r, layout)
	if err != nil {
		return nil, &ConfigError{Err: err}
	}
	return &Reader{r: reader, key: mentions(layout, 'k'), value: mentions(layout, 'v')}, nil
}

// mentions tells whether a layout has a verb outside of the braces of headers.
func mentions(layout string, verb byte) bool {
	depth := 0
	for i := 0; i+1 < len(layout); i++ {
		switch {
		case layout[i] == '\\':
			i++
		case layout[i] == '%' && strings.IndexByte("%{}", layout[i+1]) >= 0:
			i++
		case layout[i] == '%' && depth == 0 && layout[i+1] == verb:
			return true
		case layout[i] == '{':
			depth++
		case layout[i] == '}':
			depth--
		}
	}
	return false
}

// Read reads the next record; io.EOF is the end. What the layout does not mention stays as it is in rec. This
// language cannot tell nothing from no bytes: a key or value that the layout has is never null.
func (r *Reader) Read(rec *kmodel.Record) error {
	r.rec = kgo.Record{Topic: rec.Topic, Partition: rec.Partition}
	if err := r.r.ReadRecordInto(&r.rec); err != nil {
		return err
	}
	rec.Topic, rec.Partition, rec.Offset = r.rec.Topic, r.rec.Partition, r.rec.Offset
	if r.key {
		rec.Key = notNull(r.rec.Key)
	}
	if r.value {
		rec.Value = notNull(r.rec.Value)
	}
	if !r.rec.Timestamp.IsZero() {
		rec.Timestamp = r.rec.Timestamp.UnixMilli()
	}
	rec.Headers = rec.Headers[:0]
	for _, h := range r.rec.Headers {
		rec.Headers = append(rec.Headers, kmodel.Header(h))
	}
	return nil
}

func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
