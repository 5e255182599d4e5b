package kproto

import (
	"errors"
	"strconv"
)

// Error is an error code of Kafka's protocol. One other than [NoError] is an error, so that callers
// write errors.Is(err, kproto.UnknownTopicOrPartition).
// Source: org.apache.kafka.common.protocol.Errors.
type Error int16

// The codes, by Kafka's names. NoError is never returned as an error: see [Error.Err].
const (
	NoError                            Error = 0
	UnknownServerError                 Error = -1
	OffsetOutOfRange                   Error = 1
	CorruptMessage                     Error = 2
	UnknownTopicOrPartition            Error = 3
	InvalidFetchSize                   Error = 4
	LeaderNotAvailable                 Error = 5
	NotLeaderOrFollower                Error = 6
	RequestTimedOut                    Error = 7
	BrokerNotAvailable                 Error = 8
	ReplicaNotAvailable                Error = 9
	MessageTooLarge                    Error = 10
	StaleControllerEpoch               Error = 11
	OffsetMetadataTooLarge             Error = 12
	NetworkException                   Error = 13
	CoordinatorLoadInProgress          Error = 14
	CoordinatorNotAvailable            Error = 15
	NotCoordinator                     Error = 16
	InvalidTopicException              Error = 17
	RecordListTooLarge                 Error = 18
	NotEnoughReplicas                  Error = 19
	NotEnoughReplicasAfterAppend       Error = 20
	InvalidRequiredAcks                Error = 21
	IllegalGeneration                  Error = 22
	InconsistentGroupProtocol          Error = 23
	InvalidGroupID                     Error = 24
	UnknownMemberID                    Error = 25
	InvalidSessionTimeout              Error = 26
	RebalanceInProgress                Error = 27
	InvalidCommitOffsetSize            Error = 28
	TopicAuthorizationFailed           Error = 29
	GroupAuthorizationFailed           Error = 30
	ClusterAuthorizationFailed         Error = 31
	InvalidTimestamp                   Error = 32
	UnsupportedSASLMechanism           Error = 33
	IllegalSASLState                   Error = 34
	UnsupportedVersion                 Error = 35
	TopicAlreadyExists                 Error = 36
	InvalidPartitions                  Error = 37
	InvalidReplicationFactor           Error = 38
	InvalidReplicaAssignment           Error = 39
	InvalidConfig                      Error = 40
	NotController                      Error = 41
	InvalidRequest                     Error = 42
	UnsupportedForMessageFormat        Error = 43
	PolicyViolation                    Error = 44
	OutOfOrderSequenceNumber           Error = 45
	DuplicateSequenceNumber            Error = 46
	InvalidProducerEpoch               Error = 47
	InvalidTxnState                    Error = 48
	InvalidProducerIDMapping           Error = 49
	InvalidTransactionTimeout          Error = 50
	ConcurrentTransactions             Error = 51
	TransactionCoordinatorFenced       Error = 52
	TransactionalIDAuthorizationFailed Error = 53
	SecurityDisabled                   Error = 54
	OperationNotAttempted              Error = 55
	KafkaStorageError                  Error = 56
	LogDirNotFound                     Error = 57
	SASLAuthenticationFailed           Error = 58
	UnknownProducerID                  Error = 59
	ReassignmentInProgress             Error = 60
	DelegationTokenAuthDisabled        Error = 61
	DelegationTokenNotFound            Error = 62
	DelegationTokenOwnerMismatch       Error = 63
	DelegationTokenRequestNotAllowed   Error = 64
	DelegationTokenAuthorizationFailed Error = 65
	DelegationTokenExpired             Error = 66
	InvalidPrincipalType               Error = 67
	NonEmptyGroup                      Error = 68
	GroupIDNotFound                    Error = 69
	FetchSessionIDNotFound             Error = 70
	InvalidFetchSessionEpoch           Error = 71
	ListenerNotFound                   Error = 72
	TopicDeletionDisabled              Error = 73
	FencedLeaderEpoch                  Error = 74
	UnknownLeaderEpoch                 Error = 75
	UnsupportedCompressionType         Error = 76
	StaleBrokerEpoch                   Error = 77
	OffsetNotAvailable                 Error = 78
	MemberIDRequired                   Error = 79
	PreferredLeaderNotAvailable        Error = 80
	GroupMaxSizeReached                Error = 81
	FencedInstanceID                   Error = 82
	EligibleLeadersNotAvailable        Error = 83
	ElectionNotNeeded                  Error = 84
	NoReassignmentInProgress           Error = 85
	GroupSubscribedToTopic             Error = 86
	InvalidRecord                      Error = 87
	UnstableOffsetCommit               Error = 88
	ThrottlingQuotaExceeded            Error = 89
	ProducerFenced                     Error = 90
	ResourceNotFound                   Error = 91
	DuplicateResource                  Error = 92
	UnacceptableCredential             Error = 93
	InconsistentVoterSet               Error = 94
	InvalidUpdateVersion               Error = 95
	FeatureUpdateFailed                Error = 96
	PrincipalDeserializationFailure    Error = 97
	SnapshotNotFound                   Error = 98
	PositionOutOfRange                 Error = 99
	UnknownTopicID                     Error = 100
	DuplicateBrokerRegistration        Error = 101
	BrokerIDNotRegistered              Error = 102
	InconsistentTopicID                Error = 103
	InconsistentClusterID              Error = 104
	TransactionalIDNotFound            Error = 105
	FetchSessionTopicIDError           Error = 106
	IneligibleReplica                  Error = 107
	NewLeaderElected                   Error = 108
	OffsetMovedToTieredStorage         Error = 109
	FencedMemberEpoch                  Error = 110
	UnreleasedInstanceID               Error = 111
	UnsupportedAssignor                Error = 112
	StaleMemberEpoch                   Error = 113
	MismatchedEndpointType             Error = 114
	UnsupportedEndpointType            Error = 115
	UnknownControllerID                Error = 116
	UnknownSubscriptionID              Error = 117
	TelemetryTooLarge                  Error = 118
	InvalidRegistration                Error = 119
	TransactionAbortable               Error = 120
	InvalidRecordState                 Error = 121
	ShareSessionNotFound               Error = 122
	InvalidShareSessionEpoch           Error = 123
	FencedStateEpoch                   Error = 124
	InvalidVoterKey                    Error = 125
	DuplicateVoter                     Error = 126
	VoterNotFound                      Error = 127
	InvalidRegularExpression           Error = 128
	RebootstrapRequired                Error = 129
)

// ErrorInfo is one row of the error table.
type ErrorInfo struct {
	Code      Error
	Name      string // Kafka's
	Retriable bool   // the same request may succeed a little later, says Kafka
	Text      string // lower case, no full stop
}

// Errors has one row for each code, in ascending order.
var Errors = [...]ErrorInfo{
	{UnknownServerError, "UNKNOWN_SERVER_ERROR", false, "the broker failed in a way it has no code for"},
	{NoError, "NONE", false, "no error"},
	{OffsetOutOfRange, "OFFSET_OUT_OF_RANGE", false, "the log has no such offset"},
	{CorruptMessage, "CORRUPT_MESSAGE", true, "a record batch is damaged, too large, or has no key on a compacted topic"},
	{UnknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PARTITION", true, "there is no such topic or partition here"},
	{InvalidFetchSize, "INVALID_FETCH_SIZE", false, "the size to fetch makes no sense"},
	{LeaderNotAvailable, "LEADER_NOT_AVAILABLE", true, "the partition has no leader at the moment"},
	{NotLeaderOrFollower, "NOT_LEADER_OR_FOLLOWER", true, "this broker is not the partition's leader, or not a replica of it"},
	{RequestTimedOut, "REQUEST_TIMED_OUT", true, "it was not done in the time given; it may still happen"},
	{BrokerNotAvailable, "BROKER_NOT_AVAILABLE", false, "the broker is not there"},
	{ReplicaNotAvailable, "REPLICA_NOT_AVAILABLE", true, "the replica is not there, or not on this broker"},
	{MessageTooLarge, "MESSAGE_TOO_LARGE", false, "a record batch is larger than max.message.bytes"},
	{StaleControllerEpoch, "STALE_CONTROLLER_EPOCH", false, "a newer controller has been elected"},
	{OffsetMetadataTooLarge, "OFFSET_METADATA_TOO_LARGE", false, "the text beside a committed offset is too long"},
	{NetworkException, "NETWORK_EXCEPTION", true, "the connection broke before the answer came"},
	{CoordinatorLoadInProgress, "COORDINATOR_LOAD_IN_PROGRESS", true, "the coordinator is still reading its log"},
	{CoordinatorNotAvailable, "COORDINATOR_NOT_AVAILABLE", true, "there is no coordinator at the moment"},
	{NotCoordinator, "NOT_COORDINATOR", true, "this broker is not the coordinator asked for"},
	{InvalidTopicException, "INVALID_TOPIC_EXCEPTION", false, "the topic's name is not legal, or the topic is not for this use"},
	{RecordListTooLarge, "RECORD_LIST_TOO_LARGE", false, "a record batch is larger than a segment of the log"},
	{NotEnoughReplicas, "NOT_ENOUGH_REPLICAS", true, "fewer replicas are in sync than min.insync.replicas; nothing was written"},
	{NotEnoughReplicasAfterAppend, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", true, "it was written, but fewer replicas are in sync than min.insync.replicas"},
	{InvalidRequiredAcks, "INVALID_REQUIRED_ACKS", false, "acks must be -1, 0 or 1"},
	{IllegalGeneration, "ILLEGAL_GENERATION", false, "the group is in another generation"},
	{InconsistentGroupProtocol, "INCONSISTENT_GROUP_PROTOCOL", false, "the member has no protocol in common with the group"},
	{InvalidGroupID, "INVALID_GROUP_ID", false, "that cannot be a group's name"},
	{UnknownMemberID, "UNKNOWN_MEMBER_ID", false, "the group has no such member"},
	{InvalidSessionTimeout, "INVALID_SESSION_TIMEOUT", false, "the session timeout is outside what the broker allows"},
	{RebalanceInProgress, "REBALANCE_IN_PROGRESS", false, "the group is rebalancing; join again"},
	{InvalidCommitOffsetSize, "INVALID_COMMIT_OFFSET_SIZE", false, "a committed offset takes more bytes than allowed"},
	{TopicAuthorizationFailed, "TOPIC_AUTHORIZATION_FAILED", false, "no permission for this topic"},
	{GroupAuthorizationFailed, "GROUP_AUTHORIZATION_FAILED", false, "no permission for this group"},
	{ClusterAuthorizationFailed, "CLUSTER_AUTHORIZATION_FAILED", false, "no permission for the cluster"},
	{InvalidTimestamp, "INVALID_TIMESTAMP", false, "a record's timestamp is too far from the broker's time"},
	{UnsupportedSASLMechanism, "UNSUPPORTED_SASL_MECHANISM", false, "the broker does not offer this SASL mechanism"},
	{IllegalSASLState, "ILLEGAL_SASL_STATE", false, "this request is out of turn in the authentication"},
	{UnsupportedVersion, "UNSUPPORTED_VERSION", false, "the broker does not know this version of the request"},
	{TopicAlreadyExists, "TOPIC_ALREADY_EXISTS", false, "a topic of this name is there already"},
	{InvalidPartitions, "INVALID_PARTITIONS", false, "the number of partitions is not possible"},
	{InvalidReplicationFactor, "INVALID_REPLICATION_FACTOR", false, "the replication factor is below 1, or more than there are brokers"},
	{InvalidReplicaAssignment, "INVALID_REPLICA_ASSIGNMENT", false, "the replicas named are not possible"},
	{InvalidConfig, "INVALID_CONFIG", false, "a configuration key or value is not legal"},
	{NotController, "NOT_CONTROLLER", true, "this broker is not the controller"},
	{InvalidRequest, "INVALID_REQUEST", false, "the request contradicts itself, or is not well formed"},
	{UnsupportedForMessageFormat, "UNSUPPORTED_FOR_MESSAGE_FORMAT", false, "the log's record format cannot do this"},
	{PolicyViolation, "POLICY_VIOLATION", false, "a policy of the cluster forbids it"},
	{OutOfOrderSequenceNumber, "OUT_OF_ORDER_SEQUENCE_NUMBER", false, "a batch of this producer is missing before this one"},
	{DuplicateSequenceNumber, "DUPLICATE_SEQUENCE_NUMBER", false, "this batch of the producer was written before"},
	{InvalidProducerEpoch, "INVALID_PRODUCER_EPOCH", false, "a newer instance of this producer is at work"},
	{InvalidTxnState, "INVALID_TXN_STATE", false, "the transaction is not in a state for this"},
	{InvalidProducerIDMapping, "INVALID_PRODUCER_ID_MAPPING", false, "the transactional id belongs to another producer id"},
	{InvalidTransactionTimeout, "INVALID_TRANSACTION_TIMEOUT", false, "the transaction timeout is longer than transaction.max.timeout.ms"},
	{ConcurrentTransactions, "CONCURRENT_TRANSACTIONS", true, "the transactional id has another change under way"},
	{TransactionCoordinatorFenced, "TRANSACTION_COORDINATOR_FENCED", false, "a newer transaction coordinator is at work"},
	{TransactionalIDAuthorizationFailed, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false, "no permission for this transactional id"},
	{SecurityDisabled, "SECURITY_DISABLED", false, "the broker has no authorizer"},
	{OperationNotAttempted, "OPERATION_NOT_ATTEMPTED", false, "not tried, because another part of the request failed"},
	{KafkaStorageError, "KAFKA_STORAGE_ERROR", true, "the broker's disk failed"},
	{LogDirNotFound, "LOG_DIR_NOT_FOUND", false, "the broker has no such log directory"},
	{SASLAuthenticationFailed, "SASL_AUTHENTICATION_FAILED", false, "the broker did not accept name and password"},
	{UnknownProducerID, "UNKNOWN_PRODUCER_ID", false, "the broker knows nothing of this producer any more"},
	{ReassignmentInProgress, "REASSIGNMENT_IN_PROGRESS", false, "the partition's replicas are being moved"},
	{DelegationTokenAuthDisabled, "DELEGATION_TOKEN_AUTH_DISABLED", false, "the broker has no delegation tokens"},
	{DelegationTokenNotFound, "DELEGATION_TOKEN_NOT_FOUND", false, "there is no such delegation token"},
	{DelegationTokenOwnerMismatch, "DELEGATION_TOKEN_OWNER_MISMATCH", false, "the delegation token belongs to somebody else"},
	{DelegationTokenRequestNotAllowed, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false, "delegation tokens are not handed out on such a connection"},
	{DelegationTokenAuthorizationFailed, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", false, "no permission for this delegation token"},
	{DelegationTokenExpired, "DELEGATION_TOKEN_EXPIRED", false, "the delegation token has expired"},
	{InvalidPrincipalType, "INVALID_PRINCIPAL_TYPE", false, "principals of this type are not supported"},
	{NonEmptyGroup, "NON_EMPTY_GROUP", false, "the group still has members"},
	{GroupIDNotFound, "GROUP_ID_NOT_FOUND", false, "there is no such group"},
	{FetchSessionIDNotFound, "FETCH_SESSION_ID_NOT_FOUND", true, "the broker has dropped the fetch session"},
	{InvalidFetchSessionEpoch, "INVALID_FETCH_SESSION_EPOCH", true, "the fetch session is at another epoch"},
	{ListenerNotFound, "LISTENER_NOT_FOUND", true, "the leader has no listener of the name this request came in by"},
	{TopicDeletionDisabled, "TOPIC_DELETION_DISABLED", false, "delete.topic.enable is false"},
	{FencedLeaderEpoch, "FENCED_LEADER_EPOCH", true, "the request's leader epoch is older than the broker's"},
	{UnknownLeaderEpoch, "UNKNOWN_LEADER_EPOCH", true, "the request's leader epoch is newer than the broker's"},
	{UnsupportedCompressionType, "UNSUPPORTED_COMPRESSION_TYPE", false, "this version of the request cannot carry the partition's compression"},
	{StaleBrokerEpoch, "STALE_BROKER_EPOCH", false, "the broker has been started again since"},
	{OffsetNotAvailable, "OFFSET_NOT_AVAILABLE", true, "the new leader does not know yet how far the log is safe"},
	{MemberIDRequired, "MEMBER_ID_REQUIRED", false, "join again with the member id of this answer"},
	{PreferredLeaderNotAvailable, "PREFERRED_LEADER_NOT_AVAILABLE", true, "the preferred leader is down or not in sync"},
	{GroupMaxSizeReached, "GROUP_MAX_SIZE_REACHED", false, "the group has as many members as are allowed"},
	{FencedInstanceID, "FENCED_INSTANCE_ID", false, "another member has taken over this group.instance.id"},
	{EligibleLeadersNotAvailable, "ELIGIBLE_LEADERS_NOT_AVAILABLE", true, "no replica that could lead is there"},
	{ElectionNotNeeded, "ELECTION_NOT_NEEDED", true, "the partition has the leader it should have"},
	{NoReassignmentInProgress, "NO_REASSIGNMENT_IN_PROGRESS", false, "the partition's replicas are not being moved"},
	{GroupSubscribedToTopic, "GROUP_SUBSCRIBED_TO_TOPIC", false, "members of the group are reading this topic"},
	{InvalidRecord, "INVALID_RECORD", false, "a record is not legal, so its batch was refused"},
	{UnstableOffsetCommit, "UNSTABLE_OFFSET_COMMIT", true, "a transaction that commits these offsets is not over"},
	{ThrottlingQuotaExceeded, "THROTTLING_QUOTA_EXCEEDED", true, "the quota is used up; later"},
	{ProducerFenced, "PRODUCER_FENCED", false, "a newer producer has this transactional id"},
	{ResourceNotFound, "RESOURCE_NOT_FOUND", false, "the request names what is not there"},
	{DuplicateResource, "DUPLICATE_RESOURCE", false, "the request names the same thing twice"},
	{UnacceptableCredential, "UNACCEPTABLE_CREDENTIAL", false, "the credential is too weak, or not possible"},
	{InconsistentVoterSet, "INCONSISTENT_VOTER_SET", false, "sender or receiver is not among the voters"},
	{InvalidUpdateVersion, "INVALID_UPDATE_VERSION", false, "that version cannot be set"},
	{FeatureUpdateFailed, "FEATURE_UPDATE_FAILED", false, "the features could not be changed"},
	{PrincipalDeserializationFailure, "PRINCIPAL_DESERIALIZATION_FAILURE", false, "the principal of a forwarded request is not readable"},
	{SnapshotNotFound, "SNAPSHOT_NOT_FOUND", false, "there is no such snapshot"},
	{PositionOutOfRange, "POSITION_OUT_OF_RANGE", false, "the snapshot has no such position"},
	{UnknownTopicID, "UNKNOWN_TOPIC_ID", true, "there is no topic of this id here"},
	{DuplicateBrokerRegistration, "DUPLICATE_BROKER_REGISTRATION", false, "the broker id is in use"},
	{BrokerIDNotRegistered, "BROKER_ID_NOT_REGISTERED", false, "there is no broker of this id"},
	{InconsistentTopicID, "INCONSISTENT_TOPIC_ID", true, "the log belongs to another topic id than the request names"},
	{InconsistentClusterID, "INCONSISTENT_CLUSTER_ID", false, "the request is for another cluster"},
	{TransactionalIDNotFound, "TRANSACTIONAL_ID_NOT_FOUND", false, "there is no such transactional id"},
	{FetchSessionTopicIDError, "FETCH_SESSION_TOPIC_ID_ERROR", true, "the fetch session mixes names and ids of topics"},
	{IneligibleReplica, "INELIGIBLE_REPLICA", false, "a replica may not join those in sync"},
	{NewLeaderElected, "NEW_LEADER_ELECTED", false, "the change was made, and with it the leader changed"},
	{OffsetMovedToTieredStorage, "OFFSET_MOVED_TO_TIERED_STORAGE", false, "the offset is in tiered storage"},
	{FencedMemberEpoch, "FENCED_MEMBER_EPOCH", false, "the member is out of date; it must give up its partitions and join again"},
	{UnreleasedInstanceID, "UNRELEASED_INSTANCE_ID", false, "another member still uses this instance id"},
	{UnsupportedAssignor, "UNSUPPORTED_ASSIGNOR", false, "the group has no such assignor"},
	{StaleMemberEpoch, "STALE_MEMBER_EPOCH", false, "the member's epoch is out of date; again after the next heartbeat"},
	{MismatchedEndpointType, "MISMATCHED_ENDPOINT_TYPE", false, "that is the wrong kind of endpoint for this request"},
	{UnsupportedEndpointType, "UNSUPPORTED_ENDPOINT_TYPE", false, "endpoints of this kind are not supported"},
	{UnknownControllerID, "UNKNOWN_CONTROLLER_ID", false, "there is no controller of this id"},
	{UnknownSubscriptionID, "UNKNOWN_SUBSCRIPTION_ID", false, "the telemetry subscription is not known"},
	{TelemetryTooLarge, "TELEMETRY_TOO_LARGE", false, "the telemetry is larger than the broker takes"},
	{InvalidRegistration, "INVALID_REGISTRATION", false, "the controller refuses this registration"},
	{TransactionAbortable, "TRANSACTION_ABORTABLE", false, "the transaction failed; abort it and go on"},
	{InvalidRecordState, "INVALID_RECORD_STATE", false, "the record cannot be acknowledged in its state"},
	{ShareSessionNotFound, "SHARE_SESSION_NOT_FOUND", true, "there is no such share session"},
	{InvalidShareSessionEpoch, "INVALID_SHARE_SESSION_EPOCH", true, "the share session is at another epoch"},
	{FencedStateEpoch, "FENCED_STATE_EPOCH", false, "the share coordinator is at another state epoch"},
	{InvalidVoterKey, "INVALID_VOTER_KEY", false, "the voter has another key"},
	{DuplicateVoter, "DUPLICATE_VOTER", false, "the voter is among the voters already"},
	{VoterNotFound, "VOTER_NOT_FOUND", false, "the voter is not among the voters"},
	{InvalidRegularExpression, "INVALID_REGULAR_EXPRESSION", false, "the regular expression is not legal"},
	{RebootstrapRequired, "REBOOTSTRAP_REQUIRED", false, "the client must look up the cluster anew"},
}

// Info is the row of a code; one that is not known has no text.
func (e Error) Info() ErrorInfo {
	if i := int(e) + 1; i >= 0 && i < len(Errors) {
		return Errors[i]
	}
	return ErrorInfo{Code: e, Name: "UNKNOWN_ERROR_CODE_" + strconv.Itoa(int(e))}
}

// Error is Kafka's name and what it means: "UNKNOWN_TOPIC_OR_PARTITION: there is no such …".
func (e Error) Error() string {
	info := e.Info()
	if info.Text == "" {
		return info.Name
	}
	return info.Name + ": " + info.Text
}

// Name is Kafka's name of the code.
func (e Error) Name() string { return e.Info().Name }

// Retriable says whether the same request may succeed a little later.
func (e Error) Retriable() bool { return e.Info().Retriable }

// Err is e as an error: nil for [NoError].
func (e Error) Err() error {
	if e == NoError {
		return nil
	}
	return e
}

// Code is the code in err's chain: what a client is to be told. It is [NoError] for nil and
// [UnknownServerError] for an error that has none.
func Code(err error) Error {
	var e Error
	switch {
	case err == nil:
		return NoError
	case errors.As(err, &e):
		return e
	}
	return UnknownServerError
}
