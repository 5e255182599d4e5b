package kafkatools

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// formatter shows records as Apache's DefaultMessageFormatter does.
type formatter struct {
	none                                                               bool            // NoOpMessageFormatter
	groups                                                             *groupFormatter // of __consumer_offsets
	timestamp, key, offset, partition, headers, value, epoch, delivery bool
	keyEnd, lineEnd, headerEnd, null                                   string
	readKey, readValue, readHeader                                     deserializer
	buf                                                                []byte
}

// deserializer turns bytes into a text.
type deserializer func(dst, b []byte) ([]byte, error)

// formatter is made of the flags.
func (c *call) formatter() (*formatter, error) {
	p, err := c.properties("formatter-config", "property", "formatter-property")
	if err != nil {
		return nil, err
	}
	f := &formatter{
		timestamp: p.is("print.timestamp"), key: p.is("print.key"), offset: p.is("print.offset"), partition: p.is("print.partition"),
		headers: p.is("print.headers"), value: p["print.value"] == "" || p.is("print.value"), epoch: p.is("print.epoch"), delivery: p.is("print.delivery"),
		keyEnd: p.or("key.separator", "\t"), lineEnd: p.or("line.separator", "\n"), headerEnd: p.or("headers.separator", ","),
		null: p.or("null.literal", "null"),
	}
	switch class := c.text("formatter"); class[strings.LastIndexAny(class, ".$")+1:] {
	case "", "DefaultMessageFormatter", "LoggingMessageFormatter": // whose logged lines Apache's configuration drops
	case "NoOpMessageFormatter":
		f.none = true
	case "OffsetsMessageFormatter":
		f.groups = &groupFormatter{offsets: true, is27: c.scala(class)}
	case "GroupMetadataMessageFormatter":
		f.groups = &groupFormatter{is27: c.scala(class)}
	default:
		return nil, refuse("--formatter %s: known here are DefaultMessageFormatter, LoggingMessageFormatter, NoOpMessageFormatter, "+
			"OffsetsMessageFormatter and GroupMetadataMessageFormatter; classes of Java are not run", class)
	}
	for _, d := range []struct {
		class string
		to    *deserializer
	}{
		{firstOf(c.text("key-deserializer"), p["key.deserializer"]), &f.readKey},
		{firstOf(c.text("value-deserializer"), p["value.deserializer"]), &f.readValue},
		{firstOf(p["headers.deserializer"], p["header.deserializer"]), &f.readHeader},
	} {
		if *d.to, err = findDeserializer(d.class); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// scala tells whether a formatter is that of 2.7: by its package, unless the release is named.
func (c *call) scala(class string) bool {
	return c.is27() || c.Release == "" && strings.HasPrefix(class, "kafka.")
}

func findDeserializer(class string) (deserializer, error) {
	switch class[strings.LastIndexByte(class, '.')+1:] {
	case "", "StringDeserializer", "ByteArrayDeserializer", "BytesDeserializer":
		return func(dst, b []byte) ([]byte, error) { return append(dst, b...), nil }, nil
	case "LongDeserializer":
		return integer(8, "LongDeserializer"), nil
	case "IntegerDeserializer":
		return integer(4, "IntegerDeserializer"), nil
	case "ShortDeserializer":
		return integer(2, "ShortDeserializer"), nil
	}
	return nil, refuse("%s: only the deserializers of String, ByteArray, Long, Integer and Short are known here", class)
}

// integer reads a number of so many bytes.
func integer(size int, class string) deserializer {
	return func(dst, b []byte) ([]byte, error) {
		if len(b) != size {
			return dst, unreadable(fmt.Sprintf("Size of data received by %s is not %d", class, size))
		}
		var n int64
		switch size {
		case 8:
			n = int64(binary.BigEndian.Uint64(b))
		case 4:
			n = int64(int32(binary.BigEndian.Uint32(b)))
		default:
			n = int64(int16(binary.BigEndian.Uint16(b)))
		}
		return strconv.AppendInt(dst, n, 10), nil
	}
}

// write shows a record.
func (f *formatter) write(w *bufio.Writer, r *kmodel.Record) error {
	if f.none {
		return nil
	}
	appendRecord := f.append
	if f.groups != nil {
		appendRecord = f.groups.append
	}
	b, err := appendRecord(f.buf[:0], r)
	f.buf = b[:0]
	if err != nil {
		return err
	}
	_, _ = w.Write(b) // the writer keeps the error for who flushes it
	return nil
}

// append appends a record: its fields in Apache's order, with the separator between them.
func (f *formatter) append(dst []byte, r *kmodel.Record) ([]byte, error) {
	start := len(dst)
	if f.timestamp {
		dst = append(f.stamp(dst, r), f.keyEnd...)
	}
	if f.partition {
		dst = append(strconv.AppendInt(append(dst, "Partition:"...), int64(r.Partition), 10), f.keyEnd...)
	}
	if f.offset {
		dst = append(strconv.AppendInt(append(dst, "Offset:"...), r.Offset, 10), f.keyEnd...)
	}
	if f.delivery {
		dst = append(append(dst, "Delivery:NOT_PRESENT"...), f.keyEnd...)
	}
	if f.epoch && r.LeaderEpoch >= 0 {
		dst = append(strconv.AppendInt(append(dst, "Epoch:"...), int64(r.LeaderEpoch), 10), f.keyEnd...)
	} else if f.epoch {
		dst = append(append(dst, "Epoch:NOT_PRESENT"...), f.keyEnd...)
	}
	var err error
	if f.headers {
		if dst, err = f.header(dst, r); err != nil {
			return dst, err
		}
		if f.key || f.value {
			dst = append(dst, f.keyEnd...)
		}
	}
	if f.key {
		if dst, err = f.data(dst, r.Key, f.readKey); err != nil {
			return dst, err
		}
		if f.value {
			dst = append(dst, f.keyEnd...)
		}
	}
	if f.value {
		if dst, err = f.data(dst, r.Value, f.readValue); err != nil {
			return dst, err
		}
	}
	if !f.value && !f.key && !f.headers { // the separator behind the last of the other fields
		if len(dst) == start {
			return dst, nil
		}
		dst = trimEnd(dst, f.keyEnd)
	}
	return append(dst, f.lineEnd...), nil
}

func trimEnd(b []byte, end string) []byte {
	return []byte(strings.TrimSuffix(string(b), end))
}

func (f *formatter) stamp(dst []byte, r *kmodel.Record) []byte {
	switch {
	case r.Timestamp < 0:
		return append(dst, "NO_TIMESTAMP"...)
	case r.LogAppendTime:
		dst = append(dst, "LogAppendTime:"...)
	default:
		dst = append(dst, "CreateTime:"...)
	}
	return strconv.AppendInt(dst, r.Timestamp, 10)
}

func (f *formatter) header(dst []byte, r *kmodel.Record) ([]byte, error) {
	if len(r.Headers) == 0 {
		return append(dst, "NO_HEADERS"...), nil
	}
	var err error
	for i, h := range r.Headers {
		if i > 0 {
			dst = append(dst, f.headerEnd...)
		}
		dst = append(append(dst, h.Key...), ':')
		if dst, err = f.data(dst, h.Value, f.readHeader); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (f *formatter) data(dst, b []byte, read deserializer) ([]byte, error) {
	if b == nil {
		return append(dst, f.null...), nil
	}
	return read(dst, b)
}
