package admin

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// refusal is why a request, or a part of it, is not carried out: a code and a text for people, in
// the words of Kafka 2.7, which tools show.
type refusal struct {
	code kproto.Error
	text string
}

func (r *refusal) Error() string { return r.text }

// Unwrap returns the code.
func (r *refusal) Unwrap() error { return r.code }

func refuse(code kproto.Error, format string, args ...any) error {
	return &refusal{code, fmt.Sprintf(format, args...)}
}

func noTopic(name string) error {
	return refuse(kproto.UnknownTopicOrPartition, "The topic '%s' does not exist.", name)
}

// told is an error as responses have it. A bare code comes without text.
func told(err error) (code int16, text *string) {
	switch bare, ok := err.(kproto.Error); {
	case err == nil:
		return int16(kproto.NoError), nil
	case ok:
		return int16(bare), nil
	case errors.Is(err, context.DeadlineExceeded):
		return int16(kproto.RequestTimedOut), nil
	}
	s := short(err.Error())
	return int16(kproto.Code(err)), &s
}

// maxText bounds a text, which may quote what a client has sent: older versions have no room for more than 32767 bytes.
const maxText = 4096

func short(s string) string {
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// lost says whether a write should be tried again once it is known what became of it: its answer did not come, or it
// never left.
func lost(err error) bool {
	return zkclient.OutcomeUnknown(err) || errors.Is(err, zkproto.ConnectionLoss) || errors.Is(err, zkproto.SessionExpired)
}

// failedAt is which operation of a multi failed, and how; -1 if it is no such error.
func failedAt(err error) (index int, code zkproto.Code) {
	var m *zkclient.MultiError
	if errors.As(err, &m) {
		return m.Index, m.Code
	}
	return -1, zkproto.OK
}
