// Package txnlog keeps a ZooKeeper server's files, in ZooKeeper's own formats: transaction
// logs, snapshots and the two epoch files. Apache's server starts on what this package
// wrote and the other way round (3.8 and 3.9).
//
// It is not a database: a transaction is bytes of which only the zxid is looked at, a
// snapshot is a stream of nodes. The server's package replays them into its tree and
// decides when to sync, roll and purge.
//
//	folder, err := txnlog.OpenFolder(storage.Disk(), txnlog.FolderConfig{DataDir: "/data"})
//	log, err := folder.OpenLog(txnlog.Options{})           // cuts a torn tail
//	snap, err := folder.LoadNewest(func() txnlog.SnapshotSink { return newTree() })
//	it := log.ReadFrom(snap.Zxid + 1)                      // replay
//	w := txnlog.NewWriter(log, txnlog.WriterOptions{Persisted: acknowledge})
//	err = w.Append(txn)
//
// # The log
//
// dataLogDir/version-2/log.<zxid of the first transaction, hexadecimal>:
//
//	i32 "ZKLG" | i32 version 2 | i64 dbid            the header, 16 bytes
//	i64 adler32(txn) | i32 len | txn | byte 'B'      each entry
//	zeros                                            room not used yet
//
// A zero length is the end of a file, whatever follows. txn begins with a 32-byte header in
// which bytes 12 to 20 are the zxid. zxids grow, and are contiguous within an epoch.
//
// # The durable mark
//
// The dbid is read by no server; Apache writes 0. Here it holds the mark: 0x7a6b in the upper
// 16 bits, and in the lower 48 an offset before which all bytes were durable when the mark
// was written. A batch is one write at the end of the file, the mark moved to the batch's
// start, and one sync for both. A file that is closed gets the mark moved to its end and
// the room not used cut off.
//
// So at a start the mark is the beginning of the last batch or of the one before it, and
// damage is told apart without guessing:
//   - before the mark, or in a file that is not the last: acknowledged bytes have rotted.
//     That is a [CorruptError]; nothing is cut.
//   - after the mark: a power cut may have interrupted the batch. The disk writes sectors in
//     any order, so even a whole entry behind a broken one proves nothing. The tail is cut at
//     the broken entry, unless the break cannot come from missing sectors: those leave
//     zeros, and a broken entry without a zero in any place that matters is rot again
//     (hasHole).
//
// Without a mark nothing tells a rotten entry from a torn one with certainty: the format
// has no batches. A log of Apache's has none; there the second rule holds for all of the last
// file, and in a file that is not the last a broken end is accepted where the next file goes
// on with the very next zxid, as Apache leaves torn tails behind when it restarts.
//
// A file is only ever appended to by the run that created it: an old tail is never
// overwritten, which is what keeps zeros behind the last entry.
//
// With [Options.NoSync] nothing is promised after a power cut, only after a kill; the mark
// stays at the beginning.
//
// # Snapshots
//
// dataDir/version-2/snapshot.<last zxid applied when it was begun>, with .gz if compressed:
//
//	i32 "ZKSN" | i32 version 2 | i64 -1
//	i32 count | {i64 session, i32 timeout in ms}
//	i32 count | {i64 id, vector of ACL}
//	{str path | buf data | i64 ACL id | StatPersisted}   parents before children; the root is ""
//	str "/"
//	seal
//	i64 zxid | i32 version 2 | i64 tree digest | seal    optional
//	i64 last zxid applied | seal                         optional, since 3.9
//
// A seal is i64 adler32 of all bytes so far, other seals included, and str "/".
//
// Source: FileTxnLog, FileSnap, SnapStream, FileTxnSnapLog, AtomicFileWritingIdiom.
package txnlog
