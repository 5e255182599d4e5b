package kafkatools

// Difference is where a tool does not do what Apache's does.
type Difference struct{ What, Apache, Zoka, Why string }

// Differences are all of them that are on purpose.
var Differences = []Difference{
	{
		What:   "exit codes",
		Apache: "0 in many failures: records that were not acknowledged, groups that are not there, partitions that were refused",
		Zoka:   "1 if anything was not done",
		Why:    "a script has to know",
	},
	{
		What:   "--help",
		Apache: "is a usage error up to 4.0",
		Zoka:   "ends with 0",
		Why:    "nothing has failed",
	},
	{
		What:   "a command line that is not understood",
		Apache: "a message and the table of options, or an exception with its stack",
		Zoka:   "the message of the newest release, and zoka's own table of options",
		Why:    "a stack tells nothing of the command line",
	},
	{
		What:   "errors on standard error",
		Apache: "a logged line and a stack",
		Zoka:   "the logged line alone",
		Why:    "the stack is Java's",
	},
	{
		What:   "--zookeeper",
		Apache: "writes znodes by itself",
		Zoka:   "finds the brokers through ZooKeeper and asks them; advice on it is printed only where Apache's printed some",
		Why:    "brokers of today take no orders by znodes, and those of then refuse what is wrong",
	},
	{
		What:   "advice on flags that were renamed",
		Apache: "4.2 prints it on standard output, among the data",
		Zoka:   "on standard error",
		Why:    "data and talk are not mixed",
	},
	{
		What:   "kafka-console-producer.sh: acks, and the prompt",
		Apache: "acks=1 in 2.7; 2.7 prompts pipes too",
		Zoka:   "acks=all and idempotent unless --request-required-acks says otherwise; > for people alone",
		Why:    "records must not be lost; nobody reads a pipe's prompts",
	},
	{
		What:   "kafka-console-consumer.sh without --group",
		Apache: "joins a group of its own, and waits for it",
		Zoka:   "reads without a group",
		Why:    "it is quicker, and leaves no group behind",
	},
	{
		What:   "kafka-console-consumer.sh of a topic that is not there",
		Apache: "warns and waits, or has the brokers create it",
		Zoka:   "says so and ends with 1",
		Why:    "reading must not create what was misspelt",
	},
	{
		What:   "kafka-console-consumer.sh --formatter and --value-deserializer, kafka-console-producer.sh --line-reader",
		Apache: "any class of Java",
		Zoka: "Default-, Logging-, NoOp-, Offsets- and GroupMetadataMessageFormatter, the deserializers of texts, bytes and numbers, " +
			"and LineMessageReader, by the names of either release; others are refused",
		Why: "there is no Java",
	},
	{
		What:   "kafka-console-consumer.sh --property print.epoch=true",
		Apache: "NOT_PRESENT always",
		Zoka:   "the epoch of the record's leader",
		Why:    "that is what was asked for",
	},
	{
		What:   "kafka-topics.sh --zookeeper --delete where delete.topic.enable is false",
		Apache: "says that the topic is marked for deletion; the mark goes, the topic stays",
		Zoka:   "says the same, and on standard error that the topic stays, and ends with 1",
		Why:    "a script has to know",
	},
	{
		What:   "groups, partitions and topics in a list",
		Apache: "in the order of a hash table or of the broker, in some lists",
		Zoka:   "sorted there, where the order cannot be known",
		Why:    "an answer that is the same each time",
	},
	{
		What:   "kafka-topics.sh --delete and --alter --topic a.b",
		Apache: "a regular expression always: a_b is deleted too",
		Zoka:   "the topic of that name alone, if there is one",
		Why:    "data that was not named must not be lost",
	},
}
