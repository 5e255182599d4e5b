package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/shell/command"
)

// clientProperties are what counts for zoka in a file of zkCli.sh's -client-configuration.
type clientProperties struct {
	maxBuffer int // jute.maxbuffer, 0 where it is not set
}

// readClientProperties reads a file of Java properties; "" is none. Keys that choose classes of Java are passed
// over. A key that asks for what zoka's client cannot do is an error: to connect without encryption where it was
// asked for would be worse.
func readClientProperties(name string) (clientProperties, error) {
	var p clientProperties
	if name == "" {
		return p, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return p, command.Usagef("-client-configuration %v", err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value := line, ""
		if at := strings.IndexAny(line, "=: \t"); at >= 0 {
			key, value = line[:at], strings.TrimLeft(line[at:], "=: \t")
		}
		switch key {
		case "jute.maxbuffer":
			n, err := strconv.ParseInt(value, 0, 32)
			if err != nil || n <= 0 {
				return p, propertyError(name, i, key, value, "not a number of bytes")
			}
			p.maxBuffer = int(n)
		case "zookeeper.client.secure":
			if strings.EqualFold(value, "true") {
				return p, propertyError(name, i, key, value, "this client speaks no TLS")
			}
		}
	}
	return p, nil
}

func propertyError(name string, line int, key, value, why string) error {
	return command.Usagef("-client-configuration %s", fmt.Sprintf("%s:%d: %s=%s: %s", name, line+1, key, value, why))
}
