package kafka

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// scramSalt is the length of a salt, as Java's tools have it: 128 bits and more are RFC 5802's advice.
const scramSalt = 26

// Scram are the SCRAM credentials that brokers keep of users, sorted by user and mechanism; no user is all of them. One
// without credentials is none. It is DescribeUserScramCredentials, of Kafka 2.7 (KIP-554).
func (c *Client) Scram(ctx context.Context, users ...string) ([]kmodel.Scram, error) {
	req := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
	for _, user := range users {
		req.Users = append(req.Users, kmsg.DescribeUserSCRAMCredentialsRequestUser{Name: user})
	}
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	if err := codeError(resp.ErrorCode, resp.ErrorMessage); err != nil {
		return nil, err
	}
	var found []kmodel.Scram
	for _, r := range resp.Results {
		if err := codeError(r.ErrorCode, r.ErrorMessage); err != nil {
			if errors.Is(err, kproto.ResourceNotFound) {
				continue
			}
			return nil, err
		}
		for _, info := range r.CredentialInfos {
			found = append(found, kmodel.Scram{User: r.User, Mechanism: kmodel.ScramMechanism(info.Mechanism), Iterations: info.Iterations})
		}
	}
	slices.SortFunc(found, func(a, b kmodel.Scram) int {
		if a.User != b.User {
			return strings.Compare(a.User, b.User)
		}
		return int(a.Mechanism) - int(b.Mechanism)
	})
	return found, nil
}

// AlterScram sets credentials, of which brokers are told the salted password and never the password, and removes others.
func (c *Client) AlterScram(ctx context.Context, set []kmodel.ScramPassword, remove []kmodel.Scram) error {
	req := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	for _, s := range set {
		salt := make([]byte, scramSalt)
		if _, err := rand.Read(salt); err != nil {
			return err
		}
		salted, err := saltedPassword(s, salt)
		if err != nil {
			return err
		}
		req.Upsertions = append(req.Upsertions, kmsg.AlterUserSCRAMCredentialsRequestUpsertion{
			Name: s.User, Mechanism: int8(s.Mechanism), Iterations: s.Iterations, Salt: salt, SaltedPassword: salted,
		})
	}
	for _, s := range remove {
		req.Deletions = append(req.Deletions, kmsg.AlterUserSCRAMCredentialsRequestDeletion{Name: s.User, Mechanism: int8(s.Mechanism)})
	}
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return c.failure(ctx, err)
	}
	for _, r := range resp.Results {
		if err := codeError(r.ErrorCode, r.ErrorMessage); err != nil {
			return err
		}
	}
	return nil
}

// saltedPassword is RFC 5802's Hi.
func saltedPassword(s kmodel.ScramPassword, salt []byte) ([]byte, error) {
	if s.Mechanism == kmodel.ScramSHA512 {
		return pbkdf2.Key(sha512.New, s.Password, salt, int(s.Iterations), sha512.Size)
	}
	return pbkdf2.Key(sha256.New, s.Password, salt, int(s.Iterations), sha256.Size)
}
