package kproto

import (
	"encoding/binary"
	"fmt"
)

// RequestHeader is what stands before the body of each request.
// Source: RequestHeader.json.
type RequestHeader struct {
	Key, Version  int16
	CorrelationID int32
	ClientID      string
	HasClientID   bool // false: null, or a version of the header that has none
}

// keyControlledShutdown is the one request whose version 0 has a header without client id.
const keyControlledShutdown = 7

// ParseRequestHeader reads the header of a request and returns what follows it, which aliases b.
// b begins behind the frame's length. flexible says whether that version of that request has
// tagged fields; their header's tags are skipped.
func ParseRequestHeader(b []byte, flexible func(key, version int16) bool) (h RequestHeader, body []byte, err error) {
	if len(b) < 8 {
		return h, nil, malformed("request header", "%d bytes, fewer than 8", len(b))
	}
	h.Key = int16(binary.BigEndian.Uint16(b))
	h.Version = int16(binary.BigEndian.Uint16(b[2:]))
	h.CorrelationID = int32(binary.BigEndian.Uint32(b[4:]))
	b = b[8:]
	if h.Key == keyControlledShutdown && h.Version == 0 {
		return h, b, nil
	}
	if len(b) < 2 {
		return h, nil, malformed("request header", "it ends before the client id")
	}
	n := int(int16(binary.BigEndian.Uint16(b)))
	b = b[2:]
	switch {
	case n < -1:
		return h, nil, malformed("request header", "client id of length %d", n)
	case n > len(b):
		return h, nil, malformed("request header", "client id of %d bytes where %d are left", n, len(b))
	case n >= 0:
		h.ClientID, h.HasClientID = string(b[:n]), true
		b = b[n:]
	}
	if flexible(h.Key, h.Version) {
		b, err = skipTags(b, "request header")
	}
	return h, b, err
}

// AppendTo appends the header's bytes; flexible as for [ParseRequestHeader].
func (h RequestHeader) AppendTo(dst []byte, flexible bool) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.Key))
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.Version))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.CorrelationID))
	if h.Key == keyControlledShutdown && h.Version == 0 {
		return dst
	}
	if h.HasClientID {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(h.ClientID)))
		dst = append(dst, h.ClientID...)
	} else {
		dst = append(dst, 0xff, 0xff)
	}
	if flexible {
		dst = append(dst, 0)
	}
	return dst
}

// ParseResponseHeader reads the header of a response and returns what follows it. flexible is
// that of the request, except that an ApiVersions response never has tags in its header.
func ParseResponseHeader(b []byte, flexible bool) (correlationID int32, body []byte, err error) {
	if len(b) < 4 {
		return 0, nil, malformed("response header", "%d bytes, fewer than 4", len(b))
	}
	correlationID, body = int32(binary.BigEndian.Uint32(b)), b[4:]
	if flexible {
		body, err = skipTags(body, "response header")
	}
	return correlationID, body, err
}

// AppendResponseHeader appends the header of a response; flexible as for [ParseResponseHeader].
func AppendResponseHeader(dst []byte, correlationID int32, flexible bool) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(correlationID))
	if flexible {
		dst = append(dst, 0)
	}
	return dst
}

// skipTags returns b behind a section of tagged fields: a count, then tag, size and bytes of each.
func skipTags(b []byte, of string) ([]byte, error) {
	count, i := uvarint(b, 0)
	for n := uint64(0); i >= 0 && n < count; n++ {
		if _, i = uvarint(b, i); i < 0 {
			break
		}
		var size uint64
		if size, i = uvarint(b, i); i < 0 {
			break
		}
		if size > uint64(len(b)-i) {
			return nil, malformed(of, "tagged field of %d bytes where %d are left", size, len(b)-i)
		}
		i += int(size)
	}
	if i < 0 {
		return nil, malformed(of, "tagged fields that break off")
	}
	return b[i:], nil
}

// MalformedError says that bytes are not what they should be. It is a [CorruptMessage] or an
// [InvalidRecord] to errors.Is where they are a batch or a record, and an [InvalidRequest] else.
type MalformedError struct {
	Of     string // "request header", "record batch", "record 3 of a batch of 7" …
	Reason string
	Code   Error
}

func (e *MalformedError) Error() string { return "malformed " + e.Of + ": " + e.Reason }

// Unwrap returns the code that a client is told.
func (e *MalformedError) Unwrap() error { return e.Code }

func malformed(of, format string, args ...any) error {
	return &MalformedError{Of: of, Reason: fmt.Sprintf(format, args...), Code: InvalidRequest}
}
