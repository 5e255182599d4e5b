// Package admin is ZooKeeper's AdminServer: the four-letter words as JSON over HTTP, GET /commands/NAME, with the
// fields of ZooKeeper 3.9. It asks a zkserver.Server and keeps nothing itself; httpd serves its handler. The server
// command starts both on admin.serverPort.
//
//	web, err := httpd.Start("0.0.0.0:8080", admin.Handler(server, admin.Options{CommandURL: "/commands"}), httpd.Options{})
//
// The command restore answers that it is disabled: a running server's tree is not replaced from outside.
package admin
