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
		What:   "kafka-topics.sh --delete and --alter --topic a.b",
		Apache: "a regular expression always: a_b is deleted too",
		Zoka:   "the topic of that name alone, if there is one",
		Why:    "data that was not named must not be lost",
	},
}
