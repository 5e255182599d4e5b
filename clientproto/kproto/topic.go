package kproto

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// MaxTopicName is the length of the longest legal topic name.
const MaxTopicName = 249

// TopicNameError says why a name is no topic's. It is an [InvalidTopicException]; the text is that of
// Kafka's brokers, which tools show to people.
type TopicNameError struct{ Name, Reason string }

func (e *TopicNameError) Error() string { return e.Reason }

// Unwrap returns [InvalidTopicException].
func (e *TopicNameError) Unwrap() error { return InvalidTopicException }

// ValidTopicName returns nil or a [*TopicNameError]. Legal are 1 to 249 letters, digits, dots,
// underscores and hyphens of ASCII, but not "." and "..".
// Source: org.apache.kafka.common.internals.Topic.validate.
func ValidTopicName(name string) error {
	switch {
	case name == "":
		return &TopicNameError{name, "Topic name is illegal, it can't be empty"}
	case name == "." || name == "..":
		return &TopicNameError{name, `Topic name cannot be "." or ".."`}
	case len(name) > MaxTopicName:
		return &TopicNameError{name, fmt.Sprintf("Topic name is illegal, it can't be longer than %d characters, topic name: %s", MaxTopicName, name)}
	}
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return &TopicNameError{name, fmt.Sprintf(`Topic name "%s" is illegal, it contains a character other than ASCII alphanumerics, '.', '_' and '-'`, name)}
		}
	}
	return nil
}

// TopicsCollide says whether two names give the same metric name, in which a dot is an underscore.
// Such topics may not stand beside each other.
func TopicsCollide(a, b string) bool {
	return strings.ReplaceAll(a, ".", "_") == strings.ReplaceAll(b, ".", "_")
}

// JavaHash is Java's String.hashCode: over UTF-16, so that a group or a transactional id meets
// the partition that every other broker and tool expects. What is not UTF-8 counts as U+FFFD.
func JavaHash(s string) int32 {
	var h int32
	for _, r := range s {
		if r > 0xffff {
			hi, lo := utf16.EncodeRune(r)
			h = 31*(31*h+hi) + lo
			continue
		}
		h = 31*h + r
	}
	return h
}

// PartitionFor is the partition of an internal topic of n partitions that holds what belongs to
// a group or a transactional id.
// Source: GroupMetadataManager.partitionFor; its abs of the smallest int is 0.
func PartitionFor(id string, n int32) int32 {
	h := JavaHash(id)
	if h == -1<<31 {
		return 0
	}
	if h < 0 {
		h = -h
	}
	return h % n
}
