// Package storage is the disk as the servers see it: a small file system interface, the
// real disk, a memory that can lose power, and faults on demand.
//
// It is not a database and knows no file format. Its callers are the packages that keep
// files: the transaction log, the snapshots and the partition logs.
//
// What is durable, and when, is the whole point of it:
//   - bytes written are durable after [File.Sync] has returned nil;
//   - a name created, removed or renamed is durable after [FS.SyncDir] of its folder;
//   - a Sync that failed has lost the bytes it was to save, even though reading still
//     shows them, also to the next process. It must never be tried again: the caller gives
//     the file up, and who opens it next writes anew what it wants to rely on.
//
// A test writes through [Memory] and asks for what a power cut would have left:
//
//	mem := storage.NewMemory()
//	f, _ := storage.Create(mem, "/data/log")
//	f.Write(batch)                // not synced
//	after := mem.Crash(seed)      // the bytes, the file or neither may be there
package storage
