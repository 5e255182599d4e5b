package zoocfg

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/testcluster/zkserver/sasl"
)

const (
	minRetain = 3 // PurgeTxnLog's least
	minSnap   = 2 // ZooKeeperServer.getSnapCount's
)

// providers are the classes of authProvider.N that the server has, with or without that line.
var providers = []string{
	"org.apache.zookeeper.server.auth.IPAuthenticationProvider",
	"org.apache.zookeeper.server.auth.DigestAuthenticationProvider",
	"org.apache.zookeeper.server.auth.SASLAuthenticationProvider",
}

// The classes of metricsProvider.className.
const (
	prometheusProvider = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"
	defaultProvider    = "org.apache.zookeeper.metrics.impl.DefaultMetricsProvider"
	nullProvider       = "org.apache.zookeeper.metrics.impl.NullMetricsProvider"
)

// finish fills in what follows from other keys, and checks them against one another.
func (l *loader) finish() error {
	c := l.c
	if c.DataDir == "" {
		return c.fail("dataDir", "is not set: the folder of the server's data")
	}
	if c.DataLogDir == "" {
		c.DataLogDir = c.DataDir
	}
	if c.MinSessionTimeout < 0 {
		c.MinSessionTimeout = 2 * c.TickTime
	}
	if c.MaxSessionTimeout < 0 {
		c.MaxSessionTimeout = 20 * c.TickTime
	}
	if c.MinSessionTimeout > c.MaxSessionTimeout {
		return c.fail("minSessionTimeout", fmt.Sprintf("%d is more than maxSessionTimeout, %d",
			c.MinSessionTimeout.Milliseconds(), c.MaxSessionTimeout.Milliseconds()))
	}
	if err := c.checkEnsemble(); err != nil {
		return err
	}
	if err := c.clientAddress(); err != nil {
		return err
	}
	l.adjust()
	return l.auth()
}

// clientAddress takes the client port from this server's own line where clientPort is not set.
func (c *Config) clientAddress() error {
	e := &c.Ensemble
	own := e.member(e.MyID)
	if own == nil && c.Client.Port == 0 && len(e.Members) == 1 {
		own = &e.Members[0] // there is no myid; who else could it be
	}
	if own != nil && own.Client.Port != 0 {
		if c.Client.Port != 0 && c.Client.Port != own.Client.Port {
			return c.fail("clientPort", fmt.Sprintf("%d, but %s says %d", c.Client.Port, own.Origin, own.Client.Port))
		}
		if c.Client.Host != "" && own.Client.Host != "" && c.Client.Host != own.Client.Host {
			return c.fail("clientPortAddress", fmt.Sprintf("%s, but %s says %s", c.Client.Host, own.Origin, own.Client.Host))
		}
		c.Client.Port = own.Client.Port
		if own.Client.Host != "" {
			c.Client.Host = own.Client.Host
		}
	}
	switch {
	case c.Client.Port != 0:
		return nil
	case c.SecureClient.Port != 0:
		return c.fail("secureClientPort", "zoka's server does not speak TLS yet: set clientPort too")
	}
	return c.fail("clientPort", "is not set: the port of the server's clients")
}

// adjust replaces values that ZooKeeper replaces, and says so.
func (l *loader) adjust() {
	c := l.c
	l.atLeast("autopurge.snapRetainCount", &c.Log.Retain, minRetain)
	l.atLeast("snapCount", &c.Log.SnapCount, minSnap)
	if c.SecureClient.Port != 0 {
		l.warn(c.origins["secureClientPort"], "secureClientPort", "has no effect: "+noTLS)
	}
	if c.Admin.forceHTTPS && c.Admin.Enabled {
		c.Admin.Enabled = false
		l.warn(c.origins["admin.forceHttps"], "admin.forceHttps",
			"the AdminServer does not speak TLS yet: it is off, instead of answering in the clear")
	}
	switch c.Metrics.Provider {
	case prometheusProvider:
		c.Metrics.Prometheus = true
	case "", defaultProvider, nullProvider:
	default:
		l.warn(c.origins["metricsProvider.className"], "metricsProvider.className",
			fmt.Sprintf("%s is a class of Java; zoka has %s", c.Metrics.Provider, prometheusProvider))
	}
	if c.Ensemble.Distributed() {
		l.warnUnserved()
	}
	if c.Requests.ReadOnlyMode {
		c.FourLetterWords = append(c.FourLetterWords, "isro")
	}
}

// atLeast raises a value to what ZooKeeper raises it to.
func (l *loader) atLeast(key string, value *int, least int) {
	if *value < least {
		l.warn(l.c.origins[key], key, fmt.Sprintf("%d is less than %d, which is used", *value, least))
		*value = least
	}
}

// auth checks what the server would be unsafe without.
func (l *loader) auth() error {
	c := l.c
	if alg := c.Auth.DigestAlg; !slices.Contains([]string{"SHA1", "SHA-1", "SHA256", "SHA-256", "SHA512", "SHA-512"}, strings.ToUpper(alg)) {
		return c.fail("DigestAuthenticationProvider.digestAlg", fmt.Sprintf("%q is none of SHA1, SHA-256, SHA-512", alg))
	}
	for _, p := range c.Properties {
		key := strings.TrimPrefix(p.Name, "zookeeper.")
		if strings.HasPrefix(key, "authProvider.") && !slices.Contains(providers, p.Value) {
			// Its ids are refused, so nobody gets in by it.
			l.warn(c.origins[key], key, p.Value+" has no effect: "+noScheme)
		}
	}
	if err := c.enforcement(); err != nil {
		return err
	}
	return c.readLogins(l)
}

// enforcement checks who is to be turned away. Source: AuthenticationHelper.
func (c *Config) enforcement() error {
	a := &c.Auth
	if a.RequireSASL {
		a.Enforce, a.EnforceSchemes = true, append(a.EnforceSchemes, "sasl")
	}
	if !a.Enforce {
		a.EnforceSchemes = nil
		return nil
	}
	if len(a.EnforceSchemes) == 0 {
		return c.fail("enforce.auth.enabled", "enforce.auth.schemes does not say by which schemes")
	}
	for _, scheme := range a.EnforceSchemes {
		if !slices.Contains([]string{"ip", "digest", "sasl"}, scheme) {
			return c.fail("enforce.auth.schemes", fmt.Sprintf("%q: %s", scheme, noScheme))
		}
	}
	return nil
}

// readLogins reads the users of SASL. A file that was named and cannot be used is an error: without it the server would
// turn away whom it should know.
func (c *Config) readLogins(l *loader) error {
	const key = "java.security.auth.login.config"
	if c.Auth.LoginConfig == "" {
		return nil
	}
	bytes, err := os.ReadFile(c.Auth.LoginConfig)
	if err != nil {
		return c.fail(key, err.Error())
	}
	c.Auth.Users, err = sasl.ParseJAAS(string(bytes), c.Auth.LoginSection)
	if errors.Is(err, sasl.ErrNoSection) {
		// Such a file is meant for clients, or for nobody: Apache's servers go on without SASL.
		l.warn(c.origins[key], key, fmt.Sprintf("%s: %v: no SASL", c.Auth.LoginConfig, err))
		return nil
	}
	if err != nil {
		return c.fail(key, fmt.Sprintf("%s: %v", c.Auth.LoginConfig, err))
	}
	return nil
}
