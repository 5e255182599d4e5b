// Package complete offers candidates for the word that a person is typing: commands, flags, znodes and what else
// the row of a command says can stand there. It knows no terminal; shell/tty asks it at each key, and cmd/zoka
// puts the two together.
//
// No key ever waits for a server. What a candidate needs from outside, children of a znode, topics or names of a folder,
// comes from a cache; where it is not there a fetch is started, given a few milliseconds, and told of when it
// comes later.
//
//	c := complete.New(complete.ForEnv(env, term.Refresh))
//	defer c.Close()
//	for _, candidate := range c.Complete("get /brok", 9) { … }
//	c.Forget() // after each command: it may have changed what is there
package complete
