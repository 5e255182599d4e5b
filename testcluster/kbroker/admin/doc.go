// Package admin answers the requests that change a cluster by writing znodes, or tell of them: topics
// made, grown and deleted, configurations, quotas and credentials, and
// ACLs, of which there are none. Any broker
// can: the controller, and all brokers, see the znodes. What a request asks for is checked against
// this broker's image, written on a condition where others may write too, and answered when this
// broker's image shows it.
//
// It elects nobody and moves nothing; that is the controller's. Its caller is the broker's root,
// which serves its rows, and the parts that need a topic to be there.
package admin
