package kzk

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// EncodeBroker writes a registration in version 5, that of Kafka 2.7. Host and port are those of
// the first plain listener, as in Kafka, not b's; ID, Epoch and Version are not in it. FirstEpoch is,
// in a key that Kafka does not have and does not mind, unless it is 0.
// Source: BrokerIdZNode.encode.
func EncodeBroker(b *Broker) []byte {
	host, port := plainHost(b.Endpoints)
	j := append([]byte(nil), `{"features":{},"listener_security_protocol_map":{`...)
	for i, e := range b.Endpoints {
		if i > 0 {
			j = append(j, ',')
		}
		j = appendString(j, e.Listener)
		j = append(j, ':')
		j = appendString(j, e.Security)
	}
	j = append(j, `},"endpoints":[`...)
	for i, e := range b.Endpoints {
		if i > 0 {
			j = append(j, ',')
		}
		j = appendString(j, e.String())
	}
	j = append(j, ']')
	if b.HasRack {
		j = append(j, `,"rack":`...)
		j = appendString(j, b.Rack)
	}
	j = append(j, `,"jmx_port":`...)
	j = appendInt(j, int64(b.JMXPort))
	j = append(j, `,"port":`...)
	j = appendInt(j, int64(port))
	j = append(j, `,"host":`...)
	if port < 0 {
		j = append(j, `null`...)
	} else {
		j = appendString(j, host)
	}
	j = append(j, `,"version":5,"timestamp":"`...)
	j = appendInt(j, b.TimestampMs)
	j = append(j, '"')
	if b.FirstEpoch != 0 {
		j = append(j, `,"first_epoch":`...)
		j = appendInt(j, b.FirstEpoch)
	}
	return append(j, '}')
}

func plainHost(endpoints []Endpoint) (string, int32) {
	for _, e := range endpoints {
		if e.Security == "PLAINTEXT" {
			return e.Host, e.Port
		}
	}
	return "", -1
}

// DecodeBroker reads a registration of any version, 1 to 5. Epoch is left to the caller, and so is
// FirstEpoch where it is the same.
func DecodeBroker(id int32, data []byte) (*Broker, error) {
	var j struct {
		Version   number            `json:"version"`
		Host      *string           `json:"host"`
		Port      *number           `json:"port"`
		JMXPort   *number           `json:"jmx_port"`
		Timestamp number            `json:"timestamp"`
		Endpoints []string          `json:"endpoints"`
		Rack      *string           `json:"rack"`
		Security  map[string]string `json:"listener_security_protocol_map"`
		First     number            `json:"first_epoch"`
	}
	if err := decode(data, &j); err != nil {
		return nil, err
	}
	if j.Version < 1 {
		return nil, fmt.Errorf("version %d of a broker's registration is not known", j.Version)
	}
	b := &Broker{ID: id, Port: -1, JMXPort: -1, TimestampMs: int64(j.Timestamp), Version: int(j.Version), FirstEpoch: int64(j.First)}
	if j.Host != nil && j.Port != nil {
		b.Host, b.Port = *j.Host, int32(*j.Port)
	}
	if j.JMXPort != nil {
		b.JMXPort = int32(*j.JMXPort)
	}
	if j.Rack != nil {
		b.Rack, b.HasRack = *j.Rack, true
	}
	if j.Version == 1 {
		if b.Port < 0 {
			return nil, errors.New("host or port is missing")
		}
		b.Endpoints = []Endpoint{{"PLAINTEXT", "PLAINTEXT", b.Host, b.Port}}
		return b, nil
	}
	for _, s := range j.Endpoints {
		e, err := ParseEndpoint(s)
		if err != nil {
			return nil, err
		}
		if security, ok := j.Security[e.Listener]; ok {
			e.Security = security
		}
		b.Endpoints = append(b.Endpoints, e)
	}
	return b, nil
}

// String is the endpoint as it stands in a registration: LISTENER://host:port.
func (e Endpoint) String() string { return e.Listener + "://" + joinHostPort(e.Host, e.Port) }

func joinHostPort(host string, port int32) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + itoa(port)
}

// ParseEndpoint reads LISTENER://host:port; the host may be empty, or an IPv6 address in brackets. The
// security protocol is the listener's name, as in versions before 4.
func ParseEndpoint(s string) (Endpoint, error) {
	name, rest, ok := strings.Cut(s, "://")
	colon := strings.LastIndexByte(rest, ':')
	if !ok || name == "" || colon < 0 {
		return Endpoint{}, fmt.Errorf("endpoint %q is not LISTENER://host:port", s)
	}
	host := rest[:colon]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	} else if strings.ContainsAny(host, ":[]") {
		return Endpoint{}, fmt.Errorf("endpoint %q has an address of IPv6 without brackets", s)
	}
	port, err := strconv.ParseInt(rest[colon+1:], 10, 32)
	if err != nil || port < -1 || port > 65535 {
		return Endpoint{}, fmt.Errorf("endpoint %q has no port", s)
	}
	return Endpoint{name, name, host, int32(port)}, nil
}
