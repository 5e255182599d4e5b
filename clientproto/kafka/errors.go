package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// ConfigError tells that the configuration cannot be used: nothing was dialled.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

// Misused is true: what was asked for could not be understood.
func (e *ConfigError) Misused() bool { return true }

// ServerError is what a broker answered instead of doing what it was asked for.
type ServerError struct {
	Code    kproto.Error
	Message string // the broker's own words, may be empty
}

func (e *ServerError) Error() string {
	if e.Message != "" {
		return e.Code.Name() + ": " + e.Message
	}
	return e.Code.Error()
}

func (e *ServerError) Unwrap() error { return e.Code }

// OutcomeUnknown tells that it may yet be done, or may be later.
func (e *ServerError) OutcomeUnknown() bool {
	switch e.Code {
	case kproto.RequestTimedOut, kproto.NetworkException, kproto.NotEnoughReplicasAfterAppend,
		kproto.LeaderNotAvailable, kproto.CoordinatorNotAvailable, kproto.BrokerNotAvailable:
		return true
	}
	return false
}

// TopicError tells which topic an error is about.
type TopicError struct {
	Topic string
	Err   error
}

func (e *TopicError) Error() string { return e.Topic + ": " + e.Err.Error() }
func (e *TopicError) Unwrap() error { return e.Err }

// Reason is the error where the topic was named already.
func (e *TopicError) Reason() string { return e.Err.Error() }

// UnreachableError tells that no broker answered at the addresses that were given.
type UnreachableError struct {
	Servers string // as they were given
	Err     error
}

func (e *UnreachableError) Error() string {
	if e.Servers == "" {
		return e.Err.Error()
	}
	return "no Kafka broker at " + e.Servers + ": " + e.Err.Error()
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// OutcomeUnknown is true: nothing was said by a broker.
func (e *UnreachableError) OutcomeUnknown() bool { return true }

// AdvertisedError tells that the cluster answered, and that a broker cannot be reached where it says that it is.
type AdvertisedError struct {
	Broker    int32
	Addr      string // the broker's advertised listener
	Bootstrap string // where the cluster answered
	Err       error
}

func (e *AdvertisedError) Error() string {
	return fmt.Sprintf("broker %d is not reached at %s, which it advertises: %s; %s did answer: the broker is down, or its advertised.listeners has to name an address that clients reach",
		e.Broker, e.Addr, e.Err, e.Bootstrap)
}

func (e *AdvertisedError) Unwrap() error { return e.Err }

// OutcomeUnknown is true: the broker said nothing.
func (e *AdvertisedError) OutcomeUnknown() bool { return true }

// LostError tells that the connection was lost, or that no answer came in time.
type LostError struct{ Err error }

func (e *LostError) Error() string { return e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

// OutcomeUnknown is true.
func (e *LostError) OutcomeUnknown() bool { return true }

// failure puts an error of franz-go into this package's words. A broker's code is found by errors.As as a
// kproto.Error, whatever wraps it.
func (c *Client) failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var code *kerr.Error
	var first *kgo.ErrFirstReadEOF
	switch {
	case errors.As(err, &code):
		return &ServerError{Code: kproto.Error(code.Code)}
	case unsupported(err):
		return &ServerError{Code: kproto.UnsupportedVersion, Message: "the broker is too old for this"}
	case errors.As(err, &first):
		return &LostError{fmt.Errorf("a broker closed the connection before its first answer (wrong security.protocol?): %w", io.EOF)}
	}
	if fault := c.guilty(err); fault != nil {
		return c.blame(fault)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = &shortError{errSilence.Error(), err}
	}
	return &LostError{err}
}

// unsupported tells that a broker does not know a request, or no version of it that is known here. franz-go has no
// value for the errors that it makes itself.
func unsupported(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	return errors.Is(err, kerr.UnsupportedVersion) || strings.HasPrefix(text, "broker is too old") || strings.HasPrefix(text, "request key is unknown")
}

// codeError is a broker's code and words as an error, nil for no error.
func codeError(code int16, message *string) error {
	if code == 0 {
		return nil
	}
	e := &ServerError{Code: kproto.Error(code)}
	if message != nil {
		e.Message = strings.TrimSpace(*message)
	}
	return e
}

// kerrError is an error that franz-go made of a broker's code.
func kerrError(err error, message string) error {
	var code *kerr.Error
	if errors.As(err, &code) {
		return &ServerError{Code: kproto.Error(code.Code), Message: strings.TrimSpace(message)}
	}
	return err
}
