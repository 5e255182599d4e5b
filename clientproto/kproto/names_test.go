package kproto_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

func TestErrors_TableIsWhole(t *testing.T) {
	for i, row := range kproto.Errors {
		if row.Code != kproto.Error(i-1) {
			t.Errorf("row %d has code %d", i, row.Code)
		}
		if row.Text == "" || strings.HasSuffix(row.Text, ".") || row.Name != strings.ToUpper(row.Name) {
			t.Errorf("%+v", row)
		}
		if row.Code == kproto.NoError {
			continue
		}
		theirs, name := kerr.TypedErrorForCode(int16(row.Code)), row.Name
		if row.Code == kproto.NotLeaderOrFollower {
			name = "NOT_LEADER_FOR_PARTITION" // its name before Kafka 2.6
		}
		if theirs.Code != int16(row.Code) || theirs.Message != name {
			t.Errorf("%d is %s here and %s there", row.Code, row.Name, theirs.Message)
		}
	}
	if last := kproto.Errors[len(kproto.Errors)-1].Code; last < kproto.TransactionAbortable {
		t.Errorf("the table ends with %d", last)
	}
}

func TestError(t *testing.T) {
	e := kproto.UnknownTopicOrPartition
	if got := e.Error(); got != "UNKNOWN_TOPIC_OR_PARTITION: there is no such topic or partition here" || e.Name() != "UNKNOWN_TOPIC_OR_PARTITION" || !e.Retriable() {
		t.Error(got, e.Name(), e.Retriable())
	}
	for _, unknown := range []kproto.Error{-2, -32768, 32767} {
		if got, want := unknown.Error(), fmt.Sprintf("UNKNOWN_ERROR_CODE_%d", int16(unknown)); got != want || unknown.Retriable() {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if kproto.NoError.Err() != nil || !errors.Is(e.Err(), e) {
		t.Error("Err is wrong")
	}
	for err, want := range map[error]kproto.Error{
		nil: kproto.NoError, errors.New("x"): kproto.UnknownServerError, fmt.Errorf("topic t: %w", e): e,
	} {
		if got := kproto.Code(err); got != want {
			t.Errorf("the code of %v is %v", err, got)
		}
	}
}

// Numbers printed by Java's String.hashCode.
func TestJavaHash(t *testing.T) {
	for s, want := range map[string]int32{"": 0, "a": 97, "my-group": -1906497762, "polygenelubricants": -2147483648, "ü": 252, "😀": 1772899} {
		if got := kproto.JavaHash(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	if got := kproto.PartitionFor("polygenelubricants", 50); got != 0 {
		t.Errorf("the partition of the smallest hash is %d", got)
	}
	if got := kproto.PartitionFor("console-consumer", 50); got < 0 || got > 49 {
		t.Errorf("partition %d", got)
	}
}

func TestValidTopicName(t *testing.T) {
	for _, name := range []string{"a", "A.b_c-9", "...", "__consumer_offsets", strings.Repeat("x", 249)} {
		if err := kproto.ValidTopicName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for name, want := range map[string]string{
		"":                       "Topic name is illegal, it can't be empty",
		".":                      `Topic name cannot be "." or ".."`,
		"..":                     `Topic name cannot be "." or ".."`,
		strings.Repeat("x", 250): "Topic name is illegal, it can't be longer than 249 characters, topic name: " + strings.Repeat("x", 250),
		"a b":                    `Topic name "a b" is illegal, it contains a character other than ASCII alphanumerics, '.', '_' and '-'`,
		"tüt":                    `Topic name "tüt" is illegal, it contains a character other than ASCII alphanumerics, '.', '_' and '-'`,
	} {
		err := kproto.ValidTopicName(name)
		if !errors.Is(err, kproto.InvalidTopicException) || err.Error() != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTopicsCollide(t *testing.T) {
	if !kproto.TopicsCollide("a.b_c", "a_b.c") || kproto.TopicsCollide("a.b", "a-b") || kproto.TopicsCollide("a.b", "a.bb") {
		t.Error("dots and underscores are the same, and nothing else")
	}
}

func TestUUID(t *testing.T) {
	var u kproto.UUID
	if u.String() != "AAAAAAAAAAAAAAAAAAAAAA" || !u.IsZero() {
		t.Error(u.String())
	}
	for i := range u {
		u[i] = byte(255 - i)
	}
	got, err := kproto.ParseUUID(u.String())
	if err != nil || got != u || len(u.String()) != 22 || u.IsZero() {
		t.Errorf("%v, %v", got, err)
	}
	if padded, err := kproto.ParseUUID(u.String() + "=="); err != nil || padded != u {
		t.Errorf("with padding: %v, %v", padded, err)
	}
	for _, bad := range []string{"", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA+", "AAAAAAAAAAAAAAAAAAAA=="} {
		if _, err := kproto.ParseUUID(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
