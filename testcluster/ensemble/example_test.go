package ensemble_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

func Example() {
	e, err := ensemble.Start(context.Background(), ensemble.Options{Nodes: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()

	conn, _, err := zk.Connect([]string{e.ConnectString()}, 10*time.Second, zk.WithLogInfo(false))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Create("/hello", []byte("world"), 0, zk.WorldACL(zk.PermAll)); err != nil {
		log.Fatal(err)
	}
	data, _, err := conn.Get("/hello")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(data))
	// Output: world
}
