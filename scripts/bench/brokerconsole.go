package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

const (
	lines    = 1_000_000
	lineSize = 101 // with its end
)

// writeLines makes a file of lines, of which no two are the same.
func writeLines(path string) (string, error) {
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range lines {
		fmt.Fprintf(w, "%0*d\n", lineSize-1, i)
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return path, f.Close()
}

// console measures lines that are written to a topic with acks=all, and read from its beginning.
func (t *tools) console(ctx context.Context) error {
	var written, read took
	var err error
	if written.classic, err = t.write(ctx, "classic", t.classic(ctx, "kafka-console-producer.sh", "--topic", "classic", "--request-required-acks", "all")); err != nil {
		return err
	}
	if written.kcat, err = t.write(ctx, "kcat", t.kcat(ctx, "-P", "-t", "kcat", "-X", "acks=all")); err != nil {
		return err
	}
	if t.ours() {
		if written.own, err = t.write(ctx, "own", t.own(ctx, "produce", "own")); err != nil {
			return err
		}
	}
	t.add("1 M lines of 100 B written, acks=all", written, "1/8", "1x")
	// All read what the classic tool has written.
	have, err := t.records(ctx, "classic")
	if err != nil {
		return err
	}
	if read.classic, err = t.read(have, t.classic(ctx, "kafka-console-consumer.sh", "--topic", "classic", "--from-beginning", "--max-messages", strconv.FormatInt(have, 10))); err != nil {
		return err
	}
	if read.kcat, err = t.read(have, t.kcat(ctx, "-C", "-q", "-e", "-o", "beginning", "-t", "classic")); err != nil {
		return err
	}
	if t.ours() {
		if read.own, err = t.read(have, t.own(ctx, "consume", "--from-beginning", "--until-end", "classic")); err != nil {
			return err
		}
	}
	t.add("1 M lines read from the beginning", read, "1/4", "1x")
	return nil
}

// write gives a new topic's producer the lines, and makes sure that the topic has them all. It may have more: not every
// producer sees to it that what it sends again is there once.
func (t *tools) write(ctx context.Context, topic string, cmd *exec.Cmd) (float64, error) {
	if err := t.topic(ctx, t.admin, topic, 6); err != nil {
		return 0, err
	}
	in, err := os.Open(t.input)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	cmd.Stdin = in
	seconds, err := wall(cmd)
	if err != nil {
		return 0, err
	}
	if have, err := t.records(ctx, topic); err != nil || have < lines {
		return 0, errors.Join(fmt.Errorf("%v: topic %s has %d of %d lines", cmd.Args, topic, have, lines), err)
	}
	return seconds, nil
}

// records is how many records a topic has.
func (t *tools) records(ctx context.Context, topic string) (int64, error) {
	ends, err := kadm.NewClient(t.admin).ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	have := int64(0)
	ends.Each(func(o kadm.ListedOffset) { have += o.Offset })
	return have, nil
}

// read lets a consumer write to a file, and makes sure that so many lines are there.
func (t *tools) read(want int64, cmd *exec.Cmd) (float64, error) {
	out, err := os.Create(filepath.Join(t.zoo.dir, "read"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &errs
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%v: %w\n%s", cmd.Args, err, errs.Bytes())
	}
	seconds := time.Since(begun).Seconds()
	info, err := out.Stat()
	if err == nil && info.Size() != want*lineSize {
		err = fmt.Errorf("%v: %d of %d bytes", cmd.Args, info.Size(), want*lineSize)
	}
	return seconds, err
}
