package command

// SaidError is an error that people were told of by what the command has shown: it counts, and gets no line of its own.
type SaidError struct{ Err error }

func (e *SaidError) Error() string { return e.Err.Error() }
func (e *SaidError) Unwrap() error { return e.Err }
