package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kurir/config"
)

// plainFlags has all commands say in plain words what is wrong with a flag, and
// read durations as the configuration does.
func plainFlags(root *cobra.Command) {
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &exitError{exitUsage, plainFlag(cmd, err)} })
	withDays(root)
}

// withDays has the durations of a command and those below it read days too.
func withDays(cmd *cobra.Command) {
	wrap := func(f *pflag.Flag) {
		if f.Value.Type() == "duration" {
			f.Value, f.DefValue = spanFlag{f.Value}, shortSpan(f.DefValue)
		}
	}
	cmd.LocalFlags().VisitAll(wrap)
	for _, sub := range cmd.Commands() {
		withDays(sub)
	}
}

// shortSpan writes a default as people do: 1m for 1m0s, and nothing for none.
func shortSpan(text string) string {
	if text == "0s" {
		return ""
	}
	if whole, ok := strings.CutSuffix(text, "m0s"); ok {
		text = whole + "m"
	}
	if whole, ok := strings.CutSuffix(text, "h0m"); ok {
		text = whole + "h"
	}
	return text
}

// spanFlag is a duration that may be given in days.
type spanFlag struct{ pflag.Value }

// Set implements pflag.Value.
func (f spanFlag) Set(text string) error {
	d, err := config.ParseDuration(text)
	if err != nil {
		return err
	}
	return f.Value.Set(d.String())
}

// plainFlag says what is wrong with a flag.
func plainFlag(cmd *cobra.Command, err error) error {
	help := "; " + cmd.CommandPath() + " --help lists those that there are"
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := "--" + unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		return errors.New("there is no flag " + name + help)
	}
	if bare, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return errors.New(flagName(bare.GetFlag()) + " needs a value")
	}
	if odd, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return errors.New(odd.GetSpecifiedFlag() + " is no flag" + help)
	}
	wrong, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	return fmt.Errorf("%s %s: %s", flagName(wrong.GetFlag()), wrong.GetValue(), expected(wrong))
}

// flagName is the flag as it is written.
func flagName(f *pflag.Flag) string { return "--" + f.Name }

// expected says what a flag's value should have been.
func expected(wrong *pflag.InvalidValueError) string {
	cause := wrong.Unwrap()
	whole := "a whole number is expected"
	if errors.Is(cause, strconv.ErrRange) {
		whole = "the number is too large"
	}
	switch kind := wrong.GetFlag().Value.Type(); kind {
	case "duration":
		return "a duration is expected, such as " + durations
	case "int", "int64":
		return whole
	case "uint", "uint16", "uint32", "uint64":
		if n, err := strconv.ParseInt(wrong.GetValue(), 10, 64); err == nil && n < 0 {
			return "the number cannot be less than 0"
		}
		return whole
	case "float64":
		return "a number is expected"
	case "bool":
		return "true or false is expected"
	}
	return cause.Error()
}

// durations are examples of what config.ParseDuration reads.
const durations = "30s, 10m, 24h or 7d"

// number is the flag of a session's number; 0 is that none was given.
type number uint64

// Set implements pflag.Value.
func (n *number) Set(text string) error {
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil || v == 0 {
		return errors.New("the number of a session is expected, as the log has it")
	}
	*n = number(v)
	return nil
}

// String implements pflag.Value.
func (n *number) String() string { return strconv.FormatUint(uint64(*n), 10) }

// Type implements pflag.Value.
func (n *number) Type() string { return "number" }

// timeOrAgo reads a time, or how long ago it was.
func timeOrAgo(text string, now time.Time) (time.Time, error) {
	if back, err := config.ParseDuration(text); err == nil && back >= 0 {
		return now.Add(-back), nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("a time such as 2026-11-05T10:00:00Z or 2026-11-05 is expected, or how long ago, such as " + durations)
}
