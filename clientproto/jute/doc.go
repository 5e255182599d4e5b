// Package jute is ZooKeeper's serialisation: the big-endian primitives that every
// record, transaction log entry and snapshot is made of.
//
// Writing is a set of Append functions on byte slices. Reading is a [Reader] that is
// sticky: after the first malformed field it returns zero values, and the caller asks
// once, at the end, with [Reader.Done]. A Reader never panics and never allocates more
// than the bytes it was given could describe.
//
// It is not a message catalogue (that is zkproto) and knows nothing of frames, sockets
// or files.
//
//	b := jute.AppendString(nil, "/a")
//	b = jute.AppendBuffer(b, []byte("hi"))
//	r := jute.NewReader(b)
//	path, data := r.String(), r.Buffer()
//	err := r.Done()
//
// Source: org.apache.jute.BinaryOutputArchive and BinaryInputArchive.
package jute
