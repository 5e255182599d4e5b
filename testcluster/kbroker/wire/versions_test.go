package wire

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestApiVersions_IsComputedFromTheRows(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo, {Key: 1, Max: 12, Handle: echo.Handle}}})
	c := s.dial(t)
	for version := int16(0); version <= apiVersionsMax; version++ {
		req := kmsg.NewPtrApiVersionsRequest()
		req.SetVersion(version)
		req.ClientSoftwareName, req.ClientSoftwareVersion = "zoka-test", "1.0"
		resp := kmsg.NewPtrApiVersionsResponse()
		resp.SetVersion(version)
		if err := resp.ReadFrom(c.request(int32(version), req)); err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		check(t, version, resp, 0)
	}
}

func check(t *testing.T, version int16, resp *kmsg.ApiVersionsResponse, code int16) {
	t.Helper()
	want := []struct{ key, min, max int16 }{{1, 0, 12}, {12, 0, 3}, {18, 0, 4}}
	if resp.ErrorCode != code || len(resp.ApiKeys) != len(want) || resp.ThrottleMillis != 0 || len(resp.SupportedFeatures) != 0 {
		t.Fatalf("version %d: %+v", version, resp)
	}
	for i, k := range resp.ApiKeys {
		if k.ApiKey != want[i].key || k.MinVersion != want[i].min || k.MaxVersion != want[i].max {
			t.Errorf("version %d: row %d is %+v", version, i, k)
		}
	}
}

// TestApiVersions_Unknown: clients newer than the broker open with a version it does not know, and read the answer in
// version 0. The connection stays.
func TestApiVersions_Unknown(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo, {Key: 1, Max: 12, Handle: echo.Handle}}})
	c := s.dial(t)
	for _, version := range []int16{5, 6, 127, 32767} {
		c.send(frame(apiVersionsKey, version, int32(version), true, []byte("what nobody can read yet")))
		id, body := c.answer(false)
		resp := kmsg.NewPtrApiVersionsResponse()
		resp.SetVersion(0)
		if err := resp.ReadFrom(body); err != nil || id != int32(version) {
			t.Fatalf("version %d: answer %d: %v", version, id, err)
		}
		check(t, version, resp, codeUnsupportedVersion)
	}
	c.send(frame(keyHeartbeat, 0, 9, false, nil))
	if id, _ := c.answer(false); id != 9 {
		t.Errorf("answer %d", id)
	}
}

func TestApiVersions_SoftwareName(t *testing.T) {
	s := start(t, Options{Rows: []Row{echo}})
	c := s.dial(t)
	for name, code := range map[string]int16{"a": 0, "apache-kafka.java": 0, "": codeInvalidRequest, "-a": codeInvalidRequest, "a b": codeInvalidRequest} {
		req := kmsg.NewPtrApiVersionsRequest()
		req.SetVersion(3)
		req.ClientSoftwareName, req.ClientSoftwareVersion = name, "1"
		resp := kmsg.NewPtrApiVersionsResponse()
		resp.SetVersion(3)
		if err := resp.ReadFrom(c.request(1, req)); err != nil || resp.ErrorCode != code {
			t.Errorf("%q: code %d, %v", name, resp.ErrorCode, err)
		}
	}
}

// TestHeaders_FollowTheVersion: a tag section is in the header of an answer from the first flexible version on.
func TestHeaders_FollowTheVersion(t *testing.T) {
	s := start(t, Options{Rows: []Row{{Key: keyMetadata, Max: 12, Handle: func(r *Request) {
		req := kmsg.NewPtrMetadataRequest()
		if r.Decode(req) != nil {
			return
		}
		resp := kmsg.NewPtrMetadataResponse()
		resp.ControllerID = int32(r.Version)
		r.Reply(resp)
	}}}})
	c := s.dial(t)
	for version := int16(1); version <= 12; version++ {
		req := kmsg.NewPtrMetadataRequest()
		req.SetVersion(version)
		resp := kmsg.NewPtrMetadataResponse()
		resp.SetVersion(version)
		if err := resp.ReadFrom(c.request(int32(version), req)); err != nil || resp.ControllerID != int32(version) {
			t.Errorf("version %d: %+v, %v", version, resp, err)
		}
	}
}
