// Package torture runs an ensemble of real processes under concurrent clients, breaks it in every way that one machine
// can, seeded and never for ever, and judges what the clients were told and what the servers have in the end.
//
//	report, err := torture.Run(ctx, torture.Config{Binary: zoka, Nodes: 3, Seed: 1, Length: time.Minute})
//	for _, p := range report.Problems { … }
//
// A run is one ensemble: clients (registers, transactions, pipelines, sequences, ephemerals, watches) work while faults
// come one after another and over each other; then everything is mended, and the clients' histories, the trees of all
// nodes, and the life of every ephemeral znode are judged. The seed chooses the faults and what the clients do; what
// comes of it also depends on the machine.
//
// With Config.Kafka each node has a broker, and the clients are Kafka's: idempotent producers, and members of a group that
// commit what they have processed. Some leave, some die, others come. In the end the partitions must be whole and the
// group at rest; then all nodes are killed, and the files of all replicas are judged (testcluster/check/records).
//
// It is no test of its own: testcluster/check's tests and scripts/torture call it.
package torture
