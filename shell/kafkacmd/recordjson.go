package kafkacmd

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// AppendRecordJSON appends a record as one JSON object, on one line and without a line end. Nothing is lost: headers
// are pairs in their order, null is not "", and what is no UTF-8 text is in base64 and marked so.
//
//	{"topic":"t","partition":0,"offset":7,"timestamp":1700000000000,"timestamp_type":"create",
//	 "key":null,"value":"text","headers":[["name","value"],["n",null],["b","AAH/","base64"]]}
//
// A key or value in base64 is called key_base64 or value_base64; of a header the third element says which of its two
// is: "base64" the value, "name" the name, "name base64" both.
func AppendRecordJSON(dst []byte, r *kmodel.Record) []byte {
	dst = append(dst, `{"topic":`...)
	dst = appendString(dst, r.Topic)
	dst = append(dst, `,"partition":`...)
	dst = strconv.AppendInt(dst, int64(r.Partition), 10)
	dst = append(dst, `,"offset":`...)
	dst = strconv.AppendInt(dst, r.Offset, 10)
	dst = append(dst, `,"timestamp":`...)
	dst = strconv.AppendInt(dst, r.Timestamp, 10)
	if r.LogAppendTime {
		dst = append(dst, `,"timestamp_type":"append"`...)
	} else if r.Timestamp >= 0 {
		dst = append(dst, `,"timestamp_type":"create"`...)
	}
	dst = appendData(dst, `,"key`, r.Key)
	dst = appendData(dst, `,"value`, r.Value)
	dst = append(dst, `,"headers":[`...)
	for i, h := range r.Headers {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendHeader(dst, h)
	}
	return append(dst, "]}"...)
}

func appendData(dst []byte, name string, data []byte) []byte {
	dst = append(dst, name...)
	switch {
	case data == nil:
		return append(dst, `":null`...)
	case utf8.Valid(data):
		dst = append(dst, `":`...)
		return appendString(dst, data)
	}
	dst = append(dst, `_base64":"`...)
	return append(base64.StdEncoding.AppendEncode(dst, data), '"')
}

func appendHeader(dst []byte, h kmodel.Header) []byte {
	dst = append(dst, '[')
	encoding := ""
	if utf8.ValidString(h.Key) {
		dst = appendString(dst, h.Key)
	} else {
		encoding = "name"
		dst = append(base64.StdEncoding.AppendEncode(append(dst, '"'), []byte(h.Key)), '"')
	}
	dst = append(dst, ',')
	switch {
	case h.Value == nil:
		dst = append(dst, "null"...)
	case utf8.Valid(h.Value):
		dst = appendString(dst, h.Value)
	default:
		if encoding != "" {
			encoding += " "
		}
		encoding += "base64"
		dst = append(base64.StdEncoding.AppendEncode(append(dst, '"'), h.Value), '"')
	}
	if encoding != "" {
		dst = append(append(append(dst, `,"`...), encoding...), '"')
	}
	return append(dst, ']')
}

const hexDigits = "0123456789abcdef"

// appendString appends a JSON string of valid UTF-8.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// recordJSON is what is read of a record. The fields that say where it was are taken, and not looked at.
type recordJSON struct {
	Topic         json.RawMessage `json:"topic"`
	Partition     *int32          `json:"partition"`
	Offset        json.RawMessage `json:"offset"`
	Timestamp     *int64          `json:"timestamp"`
	TimestampType json.RawMessage `json:"timestamp_type"`
	LeaderEpoch   json.RawMessage `json:"leader_epoch"`
	Key           *string         `json:"key"`
	KeyBase64     *[]byte         `json:"key_base64"`
	Value         *string         `json:"value"`
	ValueBase64   *[]byte         `json:"value_base64"`
	Headers       [][]*string     `json:"headers"`
}

// ParseRecordJSON reads what [AppendRecordJSON] writes, or what somebody has typed: a missing key or value is null, a
// missing timestamp is none. Names that are not known are refused: a misspelt value would be a null one. The
// partition is -1 where there is none. The record may have parts of the line.
func ParseRecordJSON(line []byte, r *kmodel.Record) error {
	if !utf8.Valid(line) { // encoding/json would change it
		return errors.New("not a record in JSON: it is no UTF-8 text")
	}
	if scanRecordJSON(line, r) {
		return nil
	}
	return parseRecordJSON(line, r)
}

func parseRecordJSON(line []byte, r *kmodel.Record) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	var in recordJSON
	if bytes.Equal(bytes.TrimSpace(line), []byte("null")) { // which Decode takes for an empty object
		return errors.New("not a record in JSON: it is a JSON null, no object")
	}
	if err := dec.Decode(&in); err != nil {
		return notJSON(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("not a record in JSON: something follows the object")
	}
	if in.Key != nil && in.KeyBase64 != nil || in.Value != nil && in.ValueBase64 != nil {
		return errors.New("both the text and the base64 of one thing")
	}
	r.Partition, r.Timestamp = -1, -1
	if in.Partition != nil {
		r.Partition = *in.Partition
	}
	if in.Timestamp != nil {
		r.Timestamp = *in.Timestamp
	}
	r.Key, r.Value = either(in.Key, in.KeyBase64), either(in.Value, in.ValueBase64)
	r.Headers = r.Headers[:0]
	for _, pair := range in.Headers {
		h, err := parseHeader(pair)
		if err != nil {
			return err
		}
		r.Headers = append(r.Headers, h)
	}
	return nil
}

// notJSON says what is wrong with a line. io.EOF is an empty line: it is not passed on, lest it be taken for the end of
// the input.
func notJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case err == io.EOF:
		return errors.New("not a record in JSON: the line is empty")
	case errors.As(err, &wrong) && wrong.Field == "":
		return fmt.Errorf("not a record in JSON: it is a JSON %s, no object", wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Errorf("not a record in JSON: %s cannot be a JSON %s", wrong.Field, wrong.Value)
	}
	return fmt.Errorf("not a record in JSON: %w", err)
}

func either(text *string, data *[]byte) []byte {
	switch {
	case text != nil:
		return []byte(*text)
	case data != nil:
		return append([]byte{}, *data...)
	}
	return nil
}

func parseHeader(pair []*string) (kmodel.Header, error) {
	if len(pair) < 2 || len(pair) > 3 || pair[0] == nil || len(pair) == 3 && pair[2] == nil {
		return kmodel.Header{}, errors.New(`a header is not ["name","value"] or ["name",null]`)
	}
	encoding := ""
	if len(pair) == 3 {
		encoding = *pair[2]
	}
	h := kmodel.Header{Key: *pair[0]}
	if pair[1] != nil {
		h.Value = []byte(*pair[1])
	}
	decodeName, decodeValue := encoding == "name" || encoding == "name base64", encoding == "base64" || encoding == "name base64"
	if encoding != "" && !decodeName && !decodeValue {
		return h, fmt.Errorf("the third element of a header is %q, which is none of base64, name, name base64", encoding)
	}
	if decodeName {
		name, err := base64.StdEncoding.DecodeString(h.Key)
		if err != nil {
			return h, fmt.Errorf("the name of a header: %w", err)
		}
		h.Key = string(name)
	}
	if decodeValue {
		value, err := base64.StdEncoding.DecodeString(string(h.Value))
		if err != nil {
			return h, fmt.Errorf("the header %q: %w", h.Key, err)
		}
		h.Value = append([]byte{}, value...)
	}
	return h, nil
}
