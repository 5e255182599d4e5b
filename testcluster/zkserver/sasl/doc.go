// Package sasl is the server's side of ZooKeeper's SASL authentication: the DIGEST-MD5
// mechanism (RFC 2831, quality of protection "auth") and the users of a JAAS file's
// Server section, which Apache's servers take their passwords from.
//
// It is a state machine without sockets: the connection hands it the client's tokens
// and sends what it answers. Kerberos (GSSAPI) is not here.
//
//	ex := sasl.NewExchange(users, rand.Reader)
//	challenge, err := ex.Step(nil)      // first token of the client: empty
//	final, err := ex.Step(response)     // ex.Done() says whether ex.AuthorizationID() holds
//
// Source: org.apache.zookeeper.server.ZooKeeperSaslServer and
// org.apache.zookeeper.server.auth.SaslServerCallbackHandler.
package sasl
