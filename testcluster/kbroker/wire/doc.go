// Package wire is Kafka's protocol on sockets, as a server: listeners, connections, frames, request and response
// headers, and the order of answers. What the requests mean is for others: they hand in one [Row] an API, and get a
// [Request] that they answer now or later, from any goroutine.
//
//	s := wire.NewServer(wire.Options{Rows: rows, Logger: log})
//	go s.Serve("PLAINTEXT", listener)
//	defer s.Close()
//
// # Order
//
// A connection's requests are read and handed to their rows one after another, by one goroutine, while earlier ones
// wait for their answers: so what a client appends keeps its order. The answers leave in the order of the requests,
// whenever they come.
//
// # Bounds
//
// A frame is at most [Options.MaxRequestBytes] long, and memory for it is taken no faster than its bytes arrive. The
// bytes of all large frames that are being read or handled are bounded ([Options.MaxBytes]), and so is what one connection
// has in flight: requests ([Options.MaxInFlight]) and bytes of requests and answers. A connection over its bound is not
// read until it has caught up, which the client feels as back pressure.
//
// A body is measured before it is decoded (package shape): what its message would take is bounded, for one request and for
// all together. Answers that clients do not read are bounded for all connections together ([Options.MaxHeld]): rows with
// large answers ask how much there is left ([Request.Reserve]), and when it is little, a connection gets one request at a
// time, and is given up if it does not read.
//
// # What is closed
//
// A length out of bounds, a frame that stops in the middle or hardly moves, a header or a body that does not decode, and an
// API or a version that no row has end the connection with one line in the log, which names other protocols that have come
// to the wrong port. A host has ten such lines a minute. ApiVersions in an unknown version is answered, as clients rely on
// it. A connection that says nothing, or reads nothing, for [Options.MaxIdle], and waits for nothing, is closed.
//
// ApiVersions (versions 0 to 4) is answered here: it is computed from the rows.
//
// Sources: SocketServer, RequestChannel and KafkaApis of Apache Kafka 2.7; KIP-482 (flexible versions), KIP-511.
package wire
