package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
)

// diagnose says why an address could not be dialled as a broker's: who is there instead, where somebody is.
func (c *Client) diagnose(ctx context.Context, addr string, err error) error {
	why := dialReason(err)
	if !puzzling(why) {
		return why
	}
	switch heard := Probe(ctx, addr); {
	case heard == ZooKeeper:
		return &shortError{fmt.Sprintf("a ZooKeeper server answers there; -server %s finds the brokers through it", addr), why}
	case heard == TLS && c.dialer.tls == nil:
		return &shortError{"it wants TLS: security.protocol=SSL (or SASL_SSL) in the configuration file", why}
	case heard == Kafka && c.dialer.tls != nil:
		return &shortError{"it is a broker that talks without TLS: security.protocol=PLAINTEXT (or SASL_PLAINTEXT), or another port", why}
	case heard == Web:
		return &shortError{"a web server answers there: it is no broker's port", why}
	}
	return why
}

// puzzling tells a failure that may be that of somebody who talks another protocol.
func puzzling(why error) bool {
	var stranger *strangerError
	var secured *tlsError
	switch {
	case errors.As(why, &stranger):
		return !stranger.silent && alertOf(stranger.err) == ""
	case errors.As(why, &secured):
		var record tls.RecordHeaderError
		return errors.As(secured.err, &record) || hungUp(secured.err)
	}
	return false
}

// hungUp tells the end of a connection by the other side.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// refused says why a broker that has greeted us does not answer the first question.
func (c *Client) refused(err error) error {
	sasl := strings.HasPrefix(c.settings.protocol, "SASL_")
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return &shortError{fmt.Sprintf("%s: the broker does not take the name and password of sasl.jaas.config by %s",
			kerr.SaslAuthenticationFailed.Message, c.settings.mechanism), err}
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return &shortError{fmt.Sprintf("%s: the listener does not take sasl.mechanism=%s; others are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512",
			kerr.UnsupportedSaslMechanism.Message, c.settings.mechanism), err}
	case errors.Is(err, kerr.IllegalSaslState):
		return &shortError{"the listener does not ask who we are: security.protocol=" + strings.TrimPrefix(c.settings.protocol, "SASL_") + " is for it", err}
	case errors.Is(err, context.DeadlineExceeded):
		return &shortError{"a broker greets there, and then gives no answer", err}
	case !sasl:
		return &shortError{"a broker greets there, and closes the connection at the first question: the listener wants SASL (security.protocol=SASL_" +
			c.settings.protocol + "), or is not for clients", err}
	case hungUp(err):
		return &shortError{"a broker greets there, and closes the connection instead of asking who we are", err}
	}
	return fmt.Errorf("authentication failed: %w", err)
}
