package kconf

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// listeners resolves the addresses, their names, and what they are told to clients as (KIP-103).
func (b *Broker) listeners(s settings) error {
	protocols, err := b.protocolMap(s)
	if err != nil {
		return err
	}
	if b.Listeners, err = b.addresses(s, protocols, "listeners", "host.name", "port"); err != nil {
		return err
	}
	for i, l := range b.Listeners {
		if slices.ContainsFunc(b.Listeners[:i], func(o Listener) bool { return o.Port == l.Port && l.Port != 0 && o.Host == l.Host }) {
			return b.wrong(fmt.Sprintf("two listeners on port %d", l.Port), "listeners", "port")
		}
		if l.Security != "PLAINTEXT" {
			return b.wrong(l.Name+" is "+l.Security+": zoka's brokers speak PLAINTEXT only", "listeners")
		}
	}
	if err := b.advertised(s, protocols); err != nil {
		return err
	}
	return b.interBroker(s, protocols)
}

// protocolMap is listener.security.protocol.map: NAME:PROTOCOL,NAME:PROTOCOL.
func (b *Broker) protocolMap(s settings) (map[string]string, error) {
	const key = "listener.security.protocol.map"
	known := []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}
	protocols := map[string]string{}
	for _, pair := range splitList(s.text(key)) {
		name, protocol, ok := strings.Cut(pair, ":")
		name, protocol = strings.ToUpper(strings.TrimSpace(name)), strings.ToUpper(strings.TrimSpace(protocol))
		switch {
		case !ok || name == "":
			return nil, b.wrong(fmt.Sprintf("%q is not NAME:PROTOCOL", pair), key)
		case !slices.Contains(known, protocol):
			return nil, b.wrong(fmt.Sprintf("%s is none of %s", protocol, strings.Join(known, ", ")), key)
		case protocols[name] != "":
			return nil, b.wrong(name+" stands there twice", key)
		}
		protocols[name] = protocol
	}
	return protocols, nil
}

// addresses reads the list of a key, or makes it of the older keys of a host and a port.
func (b *Broker) addresses(s settings, protocols map[string]string, key, host, port string) ([]Listener, error) {
	if _, set := b.Values[key]; !set {
		return []Listener{{Name: "PLAINTEXT", Security: "PLAINTEXT", Host: s.text(host), Port: s.int32(port)}}, nil
	}
	var found []Listener
	for _, text := range splitList(s.text(key)) {
		l, err := parseListener(text)
		if err != nil {
			return nil, b.wrong(err.Error(), key)
		}
		if l.Security = protocols[l.Name]; l.Security == "" {
			return nil, b.wrong("no security protocol for "+l.Name+" in listener.security.protocol.map", key)
		}
		if slices.ContainsFunc(found, func(o Listener) bool { return o.Name == l.Name }) {
			return nil, b.wrong("two listeners with the name "+l.Name, key)
		}
		found = append(found, l)
	}
	if len(found) == 0 {
		return nil, b.wrong("no listener is named: want NAME://host:port", key)
	}
	return found, nil
}

// parseListener reads NAME://host:port; host may be empty, or an IPv6 address in brackets.
func parseListener(text string) (Listener, error) {
	bad := fmt.Errorf("%q is not NAME://host:port", text)
	name, address, ok := strings.Cut(text, "://")
	if !ok || name == "" {
		return Listener{}, bad
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || strings.ContainsAny(host, "/ ") {
		return Listener{}, bad
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return Listener{}, bad
	}
	return Listener{Name: strings.ToUpper(name), Host: host, Port: int32(n)}, nil
}

// advertised is what clients are told: advertised.listeners, or the older keys, or the listeners themselves; with this
// machine's name where a host is left out.
func (b *Broker) advertised(s settings, protocols map[string]string) error {
	const key = "advertised.listeners"
	_, set := b.Values[key]
	_, oldHost := b.Values["advertised.host.name"]
	_, oldPort := b.Values["advertised.port"]
	switch {
	case !set && !oldHost && !oldPort:
		b.Advertised = slices.Clone(b.Listeners)
	case !set:
		l := Listener{Name: "PLAINTEXT", Security: "PLAINTEXT", Host: s.text("advertised.host.name"), Port: s.int32("advertised.port")}
		if !oldHost {
			l.Host = s.text("host.name")
		}
		if !oldPort {
			l.Port = s.int32("port")
		}
		b.Advertised = []Listener{l}
	default:
		var err error
		if b.Advertised, err = b.addresses(s, protocols, key, "", ""); err != nil {
			return err
		}
	}
	for i := range b.Advertised {
		l := &b.Advertised[i]
		if !slices.ContainsFunc(b.Listeners, func(o Listener) bool { return o.Name == l.Name }) {
			return b.wrong(l.Name+" is advertised, but there is no such listener", key, "advertised.host.name", "advertised.port")
		}
		if l.Host == "0.0.0.0" || l.Host == "::" {
			return b.wrong(l.Host+" is no address that a client can use: set advertised.listeners", key, "listeners", "host.name")
		}
		if l.Host == "" {
			l.Host = hostname()
		}
	}
	return nil
}

func hostname() string {
	if name, err := os.Hostname(); err == nil && name != "" {
		return name
	}
	return "localhost"
}

func (b *Broker) interBroker(s settings, protocols map[string]string) error {
	const key, older = "inter.broker.listener.name", "security.inter.broker.protocol"
	name, byName := b.Values[key]
	if _, set := b.Values[older]; byName && set {
		return b.wrong("only one of it and "+older+" may be set", key)
	}
	if !byName {
		name = s.text(older)
	}
	b.InterBroker = strings.ToUpper(strings.TrimSpace(name))
	if !slices.ContainsFunc(b.Advertised, func(l Listener) bool { return l.Name == b.InterBroker }) {
		return b.wrong("brokers use the listener "+b.InterBroker+" among themselves, which is not advertised", key, older, "listeners")
	}
	return nil
}
