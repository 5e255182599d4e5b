// Package zabtest runs the consensus core (testcluster/zab) in a simulated world: servers with disks that lose what was
// not synced, an election network, links between learners and leaders, clients. It is for tests: of the core, by its
// scripted traces and by seeds ([Simulate]), and for hours on end by scripts/simulate. It is not a driver to be used
// for real; that is testcluster/zkserver/quorum.
//
// # Traces
//
// Everything that happens to a world is written as lines of text: a trace. Those in testdata are a manual of the
// protocol, with the outcome that each command had. A seed is turned into a trace as well; if that one fails, it is
// made smaller line by line, and can be kept as a file.
//
//	ensemble voters=5            a world of servers 1 to 5; observers=N has further ones behind them
//	log 1 0x100000001..0x100000008   what is on a server's disk before its first start; its epoch files follow
//	start 1 2                    starts servers, or starts them again
//	run 300ms                    time passes
//	write s1 3 x5                session 1 sends five writes to server 3
//	sync s1 3                    session 1 asks server 3 for a read that must not be stale
//	crash 3 | crash leader       a server stops dead; its disk keeps what was synced and some of what was not
//	crash 3 after 2              the same, once two more disk operations have been done
//	lose 3                       a crash that leaves nothing of what was not synced
//	pause 3, resume 3            a server stands still, and goes on
//	cut 1>2, cut 1=2, heal       bytes are held back, one way or both ways, and go on when healed
//	break 1=2                    connections end; what was under way arrives in part
//	disk 2 hold | go             a disk that does nothing, and goes on
//	snapshot 2                   a server writes a snapshot and forgets the log before it
//	settle                       every fault ends, and within bounded time all servers serve and agree
//	show roles packets           what is told from now on: see [Show]
//	status                       a line for each server
//
// # What is checked
//
// After every step: one leader an epoch; committed transactions are the same everywhere, and are on the disks of a
// quorum, now and for ever; a server that serves has everything committed before its epoch; zxids grow and have no
// gaps; each session's writes are in their order; a confirmed read misses nothing that was committed before it was
// asked for; epoch files never go back. After settle: somebody leads, everybody serves, all agree.
package zabtest
