package kafkatools

import (
	"errors"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// exceptions are the classes of Java that are not called as their codes are.
var exceptions = map[kproto.Error]string{
	kproto.UnknownServerError:         "UnknownServer",
	kproto.CorruptMessage:             "CorruptRecord",
	kproto.RequestTimedOut:            "Timeout",
	kproto.MessageTooLarge:            "RecordTooLarge",
	kproto.TopicAuthorizationFailed:   "TopicAuthorization",
	kproto.GroupAuthorizationFailed:   "GroupAuthorization",
	kproto.ClusterAuthorizationFailed: "ClusterAuthorization",
	kproto.InvalidConfig:              "InvalidConfiguration",
	kproto.TopicAlreadyExists:         "TopicExists",
	kproto.KafkaStorageError:          "KafkaStorage",
	kproto.NonEmptyGroup:              "GroupNotEmpty",
	kproto.InvalidTopicException:      "InvalidTopic",
}

// exceptionTexts are what Java says where a broker says nothing.
var exceptionTexts = map[kproto.Error]string{
	kproto.UnknownServerError:           "The server experienced an unexpected error when processing the request.",
	kproto.OffsetOutOfRange:             "The requested offset is not within the range of offsets maintained by the server.",
	kproto.UnknownTopicOrPartition:      "This server does not host this topic-partition.",
	kproto.LeaderNotAvailable:           "There is no leader for this topic-partition as we are in the middle of a leadership election.",
	kproto.RequestTimedOut:              "The request timed out.",
	kproto.CoordinatorNotAvailable:      "The coordinator is not available.",
	kproto.NotCoordinator:               "This is not the correct coordinator.",
	kproto.TopicAuthorizationFailed:     "Topic authorization failed.",
	kproto.PolicyViolation:              "Request parameters do not satisfy the configured policy.",
	kproto.NonEmptyGroup:                "The group is not empty.",
	kproto.MessageTooLarge:              "The request included a message larger than the max message size the server will accept.",
	kproto.InvalidTopicException:        "The request attempted to perform an operation on an invalid topic.",
	kproto.NotEnoughReplicas:            "Messages are rejected since there are fewer in-sync replicas than required.",
	kproto.NotEnoughReplicasAfterAppend: "Messages are written to the log, but to fewer in-sync replicas than required.",
	kproto.UnknownMemberID:              "The coordinator is not aware of this member.",
	kproto.GroupAuthorizationFailed:     "Group authorization failed.",
	kproto.ClusterAuthorizationFailed:   "Cluster authorization failed.",
	kproto.UnsupportedVersion:           "The version of API is not supported.",
	kproto.SecurityDisabled:             "Security features are disabled.",
	kproto.KafkaStorageError:            "Disk error when trying to access log file on the disk.",
	kproto.TopicDeletionDisabled:        "Topic deletion is disabled.",
	kproto.GroupIDNotFound:              "The group id does not exist.",
	kproto.GroupSubscribedToTopic:       "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.",
}

// exception is an error as Java prints it: the class, then the text. One of the client has no class.
func exception(err error) string {
	var code kproto.Error
	if !errors.As(err, &code) {
		return message(err)
	}
	class := exceptions[code]
	if class == "" {
		class = camelCase(code.Name())
	}
	text := message(err)
	if java := exceptionTexts[code]; java != "" && strings.HasSuffix(text, java) {
		text = java
	}
	return "org.apache.kafka.common.errors." + class + "Exception: " + text
}

// camelCase is OFFSET_OUT_OF_RANGE as OffsetOutOfRange.
func camelCase(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.ToLower(name), "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
