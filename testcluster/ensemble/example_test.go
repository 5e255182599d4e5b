package ensemble_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

func Example() {
	ctx := context.Background()
	e, err := ensemble.Start(ctx, ensemble.Options{}) // three nodes
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()

	conn, _, err := zk.Connect(strings.Split(e.ConnectString(), ","), 10*time.Second, zk.WithLogInfo(false))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Create("/hello", []byte("world"), 0, zk.WorldACL(zk.PermAll)); err != nil {
		log.Fatal(err)
	}
	if err := e.Kill(ctx, 2); err != nil {
		log.Fatal(err)
	}
	if err := e.Restart(ctx, 2); err != nil { // it returns when node 2 serves again
		log.Fatal(err)
	}
	nodes, err := ensemble.Ask(ctx, e)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(nodes), "nodes; node 2:", nodes[1].State, nodes[1].Serving(), nodes[1].Znodes)
	// Output: 3 nodes; node 2: running true 6
}
