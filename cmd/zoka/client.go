package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/shell/command"
)

// client is how the shell reaches servers. hint is put behind the error of a server that was not found.
func client(hint string) command.Client {
	return command.Client{
		Dial: func(ctx context.Context, t command.Target) (command.ZK, error) {
			var zk *zkclient.Client
			err := unlessBroker(ctx, t.Servers, func(ctx context.Context) (err error) {
				zk, err = dial(ctx, t)
				return err
			})
			if err != nil {
				var none *zkclient.ConnectError
				var mixed *brokerError
				if errors.As(err, &mixed) {
					return nil, fmt.Errorf("%w; -b %s is how to name it", err, mixed.addr)
				}
				if hint != "" && errors.As(err, &none) {
					err = fmt.Errorf("%w; %s", err, hint)
				}
				return nil, err // not zk: a nil *Client in an interface is not nil
			}
			return zk, nil
		},
		WithSent: zkclient.WithSent,
		FourLetter: func(ctx context.Context, server, word string) (string, error) {
			hosts, _, err := zkclient.ParseConnectString(server)
			if err != nil {
				return "", command.Usagef("%v", err)
			}
			return flw.Do(ctx, hosts[0], word, nil)
		},
	}
}

func dial(ctx context.Context, t command.Target) (*zkclient.Client, error) {
	limited, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	zk, err := zkclient.Dial(limited, zkclient.Config{
		Servers:        t.Servers,
		SessionTimeout: t.Timeout,
		ReadOnly:       t.ReadOnly,
		OnEvent:        t.Events,
		OnUnreachable: func(why *zkclient.ConnectError) {
			if t.Unreachable != nil {
				t.Unreachable(why)
			}
		},
	})
	var bad *zkclient.ConnectStringError
	var none *zkclient.ConnectError
	switch {
	case errors.As(err, &bad):
		return nil, command.Usagef("%v", err)
	case errors.As(err, &none):
		return nil, none
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		return nil, &silentError{t.Servers, t.Timeout}
	}
	return zk, err
}

// silentError tells of servers that took the connection and said nothing.
type silentError struct {
	servers string
	waited  time.Duration
}

func (e *silentError) Error() string {
	return fmt.Sprintf("no answer from %s within %s", e.servers, e.waited)
}

func (e *silentError) Unwrap() error { return context.DeadlineExceeded }
