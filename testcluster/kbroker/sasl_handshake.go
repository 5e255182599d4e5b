package kbroker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// saslHandshakeRow answers SaslHandshake (17, versions 0 and 1). No listener of this broker has SASL, so whoever asks has
// come to the wrong one, and is told so instead of being hung up on. librdkafka takes the advertised API for a sign of
// Kafka 0.10. Source: KafkaApis.handleSaslHandshakeRequest.
func (b *Broker) saslHandshakeRow() wire.Row {
	return wire.Row{Key: int16(kmsg.SASLHandshake), Max: 1, Handle: func(r *wire.Request) {
		req := kmsg.NewPtrSASLHandshakeRequest()
		if r.Decode(req) != nil {
			return
		}
		resp := kmsg.NewPtrSASLHandshakeResponse()
		resp.ErrorCode = int16(kproto.IllegalSASLState)
		r.Reply(resp)
	}}
}
