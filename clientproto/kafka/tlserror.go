package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
)

// tlsError tells that an address could be dialled and TLS could not be talked there.
//
// It does not unwrap: franz-go takes an end of file beneath for that of a connection on which a broker was heard.
type tlsError struct{ err error }

func (e *tlsError) Error() string { return "TLS: " + tlsReason(e.err) }

// tlsReason is what went wrong in a handshake, with the property that may help.
func tlsReason(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch alert := alertOf(err); {
	case strings.Contains(alert, "certificate"): // bad certificate, certificate required, unknown certificate authority …
		return "the broker wants a certificate of ours that it trusts (" + alert + "): ssl.keystore.location names the store with it"
	case strings.Contains(alert, "protocol version"):
		return "the broker has no version of TLS that ssl.enabled.protocols allows"
	case alert != "":
		return "the broker refuses (" + alert + ")"
	case errors.As(err, &unknown):
		return "the broker's certificate is signed by nobody that is trusted here: ssl.truststore.location names the store of those to trust"
	case errors.As(err, &host):
		return host.Error() + "; ssl.endpoint.identification.algorithm= (empty) accepts any name"
	case errors.As(err, &invalid):
		return strings.TrimPrefix(invalid.Error(), "x509: ")
	case errors.As(err, &record):
		return "what answers does not talk TLS"
	case hungUp(err):
		return "the connection was closed instead of an answer"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "the connection was taken, and then no answer"
	}
	return strings.TrimPrefix(err.Error(), "tls: ")
}

// alertOf is what the other side of a TLS connection gave as the reason to end it, "" where it gave none. The library
// has no value for it.
func alertOf(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	return ""
}
