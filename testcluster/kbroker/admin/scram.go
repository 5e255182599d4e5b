package admin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// mechanism is a kind of salted password: a user's credential stands beside the quotas, under the mechanism's name.
type mechanism struct {
	number int8
	name   string
	hash   func() hash.Hash
}

var mechanisms = []mechanism{{1, "SCRAM-SHA-256", sha256.New}, {2, "SCRAM-SHA-512", sha512.New}}

// The bounds of a credential's iterations. Source: ScramMechanism, AdminManager.
const (
	minIterations = 4096
	maxIterations = 16384
)

// credential is what the znode has of a salted password: nothing that would let anybody in.
// Source: ScramFormatter, ScramCredentialUtils; RFC 5802.
func (m mechanism) credential(salt, salted []byte, iterations int32) string {
	mac := func(text string) []byte {
		h := hmac.New(m.hash, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := m.hash()
	stored.Write(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("salt=%s,stored_key=%s,server_key=%s,iterations=%d", b64(salt), b64(stored.Sum(nil)), b64(mac("Server Key")), iterations)
}

func mechanismOf(number int8) (mechanism, bool) {
	i := slices.IndexFunc(mechanisms, func(m mechanism) bool { return m.number == number })
	if i < 0 {
		return mechanism{}, false
	}
	return mechanisms[i], true
}

// handleDescribeSCRAM answers DescribeUserScramCredentials (50).
// Source: AdminManager.describeUserScramCredentials.
func (a *Admin) handleDescribeSCRAM(r *wire.Request) {
	req := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response { return describeSCRAM(a.fresh(ctx), req) })
}

func describeSCRAM(img *kzk.Image, req *kmsg.DescribeUserSCRAMCredentialsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeUserSCRAMCredentialsResponse)
	known := credentials(img)
	times := map[string]int{}
	users := make([]string, 0, len(req.Users))
	for _, u := range req.Users {
		if times[u.Name]++; times[u.Name] == 1 {
			users = append(users, u.Name)
		}
	}
	if len(req.Users) == 0 {
		users = slices.Sorted(maps.Keys(known))
	}
	for _, user := range users {
		result := kmsg.NewDescribeUserSCRAMCredentialsResponseResult()
		result.User = user
		switch {
		case user == "":
			result.ErrorCode, result.ErrorMessage = told(refuse(kproto.ResourceNotFound, "Username must not be empty"))
		case times[user] > 1:
			result.ErrorCode, result.ErrorMessage = told(refuse(kproto.DuplicateResource,
				"Cannot describe SCRAM credentials for the same user twice in a single request: %s", user))
		case len(known[user]) == 0:
			result.ErrorCode, result.ErrorMessage = told(refuse(kproto.ResourceNotFound,
				"Attempt to describe a user credential that does not exist: %s", user))
		default:
			result.CredentialInfos = known[user]
		}
		resp.Results = append(resp.Results, result)
	}
	return resp
}

// credentials are the users' mechanisms and iterations, by name.
func credentials(img *kzk.Image) map[string][]kmsg.DescribeUserSCRAMCredentialsResponseResultCredentialInfo {
	all := map[string][]kmsg.DescribeUserSCRAMCredentialsResponseResultCredentialInfo{}
	for key, config := range img.Configs {
		e, err := kzk.ParseEntity(key)
		if err != nil || e.Type != kzk.UserEntity || e.Client != "" || e.Name == kzk.DefaultEntity {
			continue
		}
		for _, m := range mechanisms {
			_, text, ok := strings.Cut(config[m.name], "iterations=")
			iterations, err := strconv.ParseInt(text, 10, 32)
			if !ok || err != nil {
				continue
			}
			info := kmsg.NewDescribeUserSCRAMCredentialsResponseResultCredentialInfo()
			info.Mechanism, info.Iterations = m.number, int32(iterations)
			all[e.Name] = append(all[e.Name], info)
		}
	}
	return all
}

// handleAlterSCRAM answers AlterUserScramCredentials (51).
// Source: AdminManager.alterUserScramCredentials.
func (a *Admin) handleAlterSCRAM(r *wire.Request) {
	req := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response {
		ctx, cancel := a.requestTimeout(ctx)
		defer cancel()
		resp := req.ResponseKind().(*kmsg.AlterUserSCRAMCredentialsResponse)
		for _, u := range alterations(req) {
			result := kmsg.NewAlterUserSCRAMCredentialsResponseResult()
			result.User = u.name
			if u.err == nil {
				u.err = a.setConfig(ctx, kzk.Entity{Type: kzk.UserEntity, Name: u.name}, u.change)
			}
			result.ErrorCode, result.ErrorMessage = told(u.err)
			resp.Results = append(resp.Results, result)
		}
		return resp
	})
}

// userChange is what a request wants of one user: all of it happens or nothing.
type userChange struct {
	name   string
	set    map[string]string // credentials by mechanism
	remove []string          // mechanisms
	err    error
}

// change takes credentials away that must be there, and sets others.
func (u *userChange) change(config map[string]string) (map[string]string, error) {
	for _, name := range u.remove {
		if _, ok := config[name]; !ok {
			return nil, refuse(kproto.ResourceNotFound, "Attempt to delete a user credential that does not exist")
		}
		delete(config, name)
	}
	maps.Copy(config, u.set)
	return config, nil
}

// alterations sorts a request by user and finds what is wrong with it.
func alterations(req *kmsg.AlterUserSCRAMCredentialsRequest) []*userChange {
	var all []*userChange
	byName := map[string]*userChange{}
	named := map[string]bool{}
	user := func(name string, number int8) (*userChange, mechanism) {
		u := byName[name]
		if u == nil {
			u = &userChange{name: name, set: map[string]string{}}
			byName[name] = u
			all = append(all, u)
		}
		m, ok := mechanismOf(number)
		key := m.name + " " + name
		switch {
		case u.err != nil:
		case name == "":
			u.err = refuse(kproto.UnacceptableCredential, "Username must not be empty")
		case !ok:
			u.err = refuse(kproto.UnsupportedSASLMechanism, "Unknown SCRAM mechanism")
		case named[key]:
			u.err = refuse(kproto.DuplicateResource, "A user credential cannot be altered twice in the same request")
		}
		named[key] = true
		return u, m
	}
	for _, d := range req.Deletions {
		if u, m := user(d.Name, d.Mechanism); u.err == nil {
			u.remove = append(u.remove, m.name)
		}
	}
	for _, c := range req.Upsertions {
		u, m := user(c.Name, c.Mechanism)
		switch {
		case u.err != nil:
		case c.Iterations < minIterations:
			u.err = refuse(kproto.UnacceptableCredential, "Too few iterations")
		case c.Iterations > maxIterations:
			u.err = refuse(kproto.UnacceptableCredential, "Too many iterations")
		default:
			u.set[m.name] = m.credential(c.Salt, c.SaltedPassword, c.Iterations)
		}
	}
	return all
}
