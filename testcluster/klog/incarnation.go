package klog

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// Incarnation tells a topic from another one that had the same name before. The topic's id stands in
// partition.metadata, as Kafka has it since 2.8; the czxid in a file of our own, which Kafka passes over.
type Incarnation struct {
	TopicID kproto.UUID // zero: none
	Czxid   int64       // of /brokers/topics/T; 0: not known
}

// Incarnation is what the log's folder says; zero if Kafka has written it.
func (l *Log) Incarnation() Incarnation {
	l.metaMu.Lock()
	defer l.metaMu.Unlock()
	return l.incarnation
}

// SetIncarnation writes it, durably.
func (l *Log) SetIncarnation(inc Incarnation) error {
	l.metaMu.Lock()
	defer l.metaMu.Unlock()
	if inc == l.incarnation {
		return nil
	}
	if !inc.TopicID.IsZero() && inc.TopicID != l.incarnation.TopicID {
		text := fmt.Sprintf("version: 0\ntopic_id: %s\n", inc.TopicID)
		if err := storage.WriteFile(l.fsys, l.file(metadataFile), []byte(text)); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("version: 0\nczxid: %d\n", inc.Czxid)
	if err := storage.WriteFile(l.fsys, l.file(incarnationFile), []byte(text)); err != nil {
		return err
	}
	l.incarnation = inc
	return nil
}

// loadIncarnation reads both files. One that is damaged says nothing, as if Kafka had written the folder: it is no
// reason to delete records, nor to keep a broker from starting, and is written anew when the topic is known.
func (l *Log) loadIncarnation() error {
	var inc Incarnation
	err := l.readField(metadataFile, "topic_id", func(value string) (err error) {
		inc.TopicID, err = kproto.ParseUUID(value)
		return err
	})
	if err == nil {
		err = l.readField(incarnationFile, "czxid", func(value string) (err error) {
			inc.Czxid, err = strconv.ParseInt(value, 10, 64)
			return err
		})
	}
	l.incarnation = inc
	return err
}

func (l *Log) readField(name, key string, take func(value string) error) error {
	fields, err := l.readFields(name)
	if err == nil && fields != nil {
		value, ok := fields[key]
		if err = take(value); !ok {
			err = &FormatError{File: l.file(name), Reason: "there is no " + key}
		} else if err != nil {
			err = &FormatError{File: l.file(name), Reason: fmt.Sprintf("%s %q: %v", key, value, err)}
		}
	}
	if isFormat(err) {
		l.shared.warn("which topic a log is of is not readable, and is written anew", "err", err)
		return nil
	}
	return err
}

// readFields reads lines of "name: value", the first of which is "version: 0".
func (l *Log) readFields(name string) (map[string]string, error) {
	text, err := storage.ReadFile(l.fsys, l.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	fields := parseFields(string(text), ":")
	if v := fields["version"]; v != "0" {
		return nil, &FormatError{File: l.file(name), Reason: fmt.Sprintf("version %q, only 0 is known", v)}
	}
	return fields, nil
}
