package shape

import "github.com/twmb/franz-go/pkg/kmsg"

// table has the requests by their API keys. A field is name:type, with @first or @first-last where not all versions have
// it. Types: a number is that many bytes, text and text? (nullable) are strings, bytes are bytes, [...] is a list of
// structures, or of one type. Lists and bytes may be null everywhere, as for kmsg. Tags need no word: every structure of a
// flexible version ends in them.
var table = map[int16]string{
	int16(kmsg.ListOffsets): "replicaID:4 isolationLevel:1@2 topics:[topic:text partitions:[partition:4 " +
		"currentLeaderEpoch:4@4 timestamp:8 maxNumOffsets:4@0-0]] timeoutMillis:4@10",
	int16(kmsg.Metadata): "topics:[topicID:16@10 topic:text@0-9 topic:text?@10] allowAutoTopicCreation:1@4 " +
		"includeClusterAuthorizedOperations:1@8-10 includeTopicAuthorizedOperations:1@8",
	int16(kmsg.ControlledShutdown): "brokerID:4 brokerEpoch:8@2",
	int16(kmsg.OffsetCommit): "group:text generation:4@1 memberID:text@1 instanceID:text?@7 retentionTimeMillis:8@2-4 " +
		"topics:[topic:text@0-9 topicID:16@10 partitions:[partition:4 offset:8 timestamp:8@1-1 " +
		"leaderEpoch:4@6 metadata:text?]]",
	int16(kmsg.OffsetFetch): "group:text@0-7 topics:[topic:text partitions:[4]]@0-7 groups:[group:text memberID:text?@9 " +
		"memberEpoch:4@9 topics:[topic:text@8-9 topicID:16@10 partitions:[4]]]@8 requireStable:1@7",
	int16(kmsg.FindCoordinator): "coordinatorKey:text@0-3 coordinatorType:1@1 coordinatorKeys:[text]@4",
	int16(kmsg.JoinGroup): "group:text sessionTimeoutMillis:4 rebalanceTimeoutMillis:4@1 memberID:text instanceID:text?@5 " +
		"protocolType:text protocols:[name:text metadata:bytes] reason:text?@8",
	int16(kmsg.Heartbeat):  "group:text generation:4 memberID:text instanceID:text?@3",
	int16(kmsg.LeaveGroup): "group:text memberID:text@0-2 members:[memberID:text instanceID:text? reason:text?@5]@3",
	int16(kmsg.SyncGroup): "group:text generation:4 memberID:text instanceID:text?@3 protocolType:text?@5 protocol:text?@5 " +
		"groupAssignment:[memberID:text memberAssignment:bytes]",
	int16(kmsg.DescribeGroups): "groups:[text] includeAuthorizedOperations:1@3",
	int16(kmsg.ListGroups):     "statesFilter:[text]@4 typesFilter:[text]@5",
	int16(kmsg.SASLHandshake):  "mechanism:text",
	int16(kmsg.ApiVersions):    "clientSoftwareName:text@3 clientSoftwareVersion:text@3 clusterID:text?@5 nodeID:4@5",
	int16(kmsg.CreateTopics): "topics:[topic:text numPartitions:4 replicationFactor:2 replicaAssignment:[partition:4 " +
		"replicas:[4]] configs:[name:text value:text?]] timeoutMillis:4 validateOnly:1@1",
	int16(kmsg.DeleteTopics):         "topicNames:[text]@0-5 topics:[topic:text? topicID:16]@6 timeoutMillis:4",
	int16(kmsg.DeleteRecords):        "topics:[topic:text partitions:[partition:4 offset:8]] timeoutMillis:4",
	int16(kmsg.InitProducerID):       "transactionalID:text? transactionTimeoutMillis:4 producerID:8@3 producerEpoch:2@3",
	int16(kmsg.OffsetForLeaderEpoch): "replicaID:4@3 topics:[topic:text partitions:[partition:4 currentLeaderEpoch:4@2 leaderEpoch:4]]",
	int16(kmsg.DescribeACLs): "resourceType:1 resourceName:text? resourcePatternType:1@1 principal:text? host:text? " +
		"operation:1 permissionType:1",
	int16(kmsg.CreateACLs): "creations:[resourceType:1 resourceName:text resourcePatternType:1@1 principal:text host:text " +
		"operation:1 permissionType:1]",
	int16(kmsg.DeleteACLs): "filters:[resourceType:1 resourceName:text? resourcePatternType:1@1 principal:text? host:text? " +
		"operation:1 permissionType:1]",
	int16(kmsg.DescribeConfigs): "resources:[resourceType:1 resourceName:text configNames:[text]] includeSynonyms:1@1 " +
		"includeDocumentation:1@3",
	int16(kmsg.AlterConfigs):        "resources:[resourceType:1 resourceName:text configs:[name:text value:text?]] validateOnly:1",
	int16(kmsg.AlterReplicaLogDirs): "dirs:[dir:text topics:[topic:text partitions:[4]]]",
	int16(kmsg.DescribeLogDirs):     "topics:[topic:text partitions:[4]]",
	int16(kmsg.CreatePartitions):    "topics:[topic:text count:4 assignment:[replicas:[4]]] timeoutMillis:4 validateOnly:1",
	int16(kmsg.DeleteGroups):        "groups:[text]",
	int16(kmsg.ElectLeaders):        "electionType:1@1 topics:[topic:text partitions:[4]] timeoutMillis:4",
	int16(kmsg.IncrementalAlterConfigs): "resources:[resourceType:1 resourceName:text configs:[name:text op:1 value:text?]] " +
		"validateOnly:1",
	int16(kmsg.AlterPartitionAssignments): "timeoutMillis:4 allowReplicationFactorChange:1@1 topics:[topic:text partitions:[partition:4 " +
		"replicas:[4]]]",
	int16(kmsg.ListPartitionReassignments):   "timeoutMillis:4 topics:[topic:text partitions:[4]]",
	int16(kmsg.OffsetDelete):                 "group:text topics:[topic:text partitions:[partition:4]]",
	int16(kmsg.DescribeClientQuotas):         "components:[entityType:text matchType:1 match:text?] strict:1",
	int16(kmsg.AlterClientQuotas):            "entries:[entity:[type:text name:text?] ops:[key:text value:8 remove:1]] validateOnly:1",
	int16(kmsg.DescribeUserSCRAMCredentials): "users:[name:text]",
	int16(kmsg.AlterUserSCRAMCredentials): "deletions:[name:text mechanism:1] upsertions:[name:text mechanism:1 iterations:4 salt:bytes " +
		"saltedPassword:bytes]",
	int16(kmsg.DescribeCluster): "includeClusterAuthorizedOperations:1 endpointType:1@1 includeFencedBrokers:1@2",
}
