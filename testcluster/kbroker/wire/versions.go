package wire

import (
	"regexp"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// apiVersionsMax is the newest version of ApiVersions that is answered in its own form. A newer one gets version 0, and
// the client asks again.
const apiVersionsMax = 4

// Error codes of ApiVersions.
const (
	codeUnsupportedVersion = 35
	codeInvalidRequest     = 42
)

// versionsAnswers are the encoded answers by version; they never change.
type versionsAnswers struct {
	known   [apiVersionsMax + 1][]byte
	unknown []byte // version 0, with the error
}

func newVersionsAnswers(t apiTable) versionsAnswers {
	var a versionsAnswers
	for v := range a.known {
		a.known[v] = encodeVersions(t, int16(v), 0)
	}
	a.unknown = encodeVersions(t, 0, codeUnsupportedVersion)
	return a
}

// encodeVersions names no features: without them clients use transactions and groups by the APIs that are there.
func encodeVersions(t apiTable, version, code int16) []byte {
	resp := kmsg.NewPtrApiVersionsResponse()
	resp.SetVersion(version)
	resp.ErrorCode = code
	if code != codeInvalidRequest {
		resp.ApiKeys = t.ranges()
	}
	return resp.AppendTo(nil)
}

// softwareName is what KIP-511 allows for the name and the version of a client's software.
var softwareName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$`)

// answerVersions is the row of ApiVersions.
func (s *Server) answerVersions(r *Request) {
	if r.Version > apiVersionsMax {
		r.ReplyRaw([][]byte{s.versions.unknown}, nil)
		return
	}
	req := kmsg.NewPtrApiVersionsRequest()
	if r.Decode(req) != nil {
		return
	}
	if r.Version >= 3 && !(softwareName.MatchString(req.ClientSoftwareName) && softwareName.MatchString(req.ClientSoftwareVersion)) {
		r.ReplyRaw([][]byte{encodeVersions(s.apis, r.Version, codeInvalidRequest)}, nil)
		return
	}
	r.ReplyRaw([][]byte{s.versions.known[r.Version]}, nil)
}
