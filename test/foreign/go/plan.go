// What a client of this suite is asked to do (its arguments), and how it answers: one JSON object a line.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
)

type Step struct {
	Kind   string
	Text   string
	Binary []byte
	Count  int
	Code   int
	Reason string
}

type Plan struct {
	URL       string
	Headers   http.Header
	Protocols []string
	Compress  bool
	Steps     []Step
}

// Without arguments a client says who it is. Debian's sources carry no version: it stands in the package's changelog.
func readPlan(name string, pkg string) Plan {
	if len(os.Args) == 1 {
		say(map[string]interface{}{"client": name, "version": version(pkg)})
		os.Exit(0)
	}
	words := os.Args[1:]
	next := func() string {
		word := words[0]
		words = words[1:]
		return word
	}
	plan := Plan{URL: next(), Headers: http.Header{}}
	for len(words) > 0 {
		switch word := next(); word {
		case "header":
			name := next()
			plan.Headers.Set(name, next())
		case "protocol":
			plan.Protocols = append(plan.Protocols, next())
		case "compress":
			plan.Compress = true
		case "text":
			plan.Steps = append(plan.Steps, Step{Kind: word, Text: next()})
		case "binary":
			bytes, err := hex.DecodeString(next())
			must(err)
			plan.Steps = append(plan.Steps, Step{Kind: word, Binary: bytes})
		case "hear":
			count, err := strconv.Atoi(next())
			must(err)
			plan.Steps = append(plan.Steps, Step{Kind: word, Count: count})
		case "close":
			code, err := strconv.Atoi(next())
			must(err)
			plan.Steps = append(plan.Steps, Step{Kind: word, Code: code, Reason: next()})
		case "end":
			plan.Steps = append(plan.Steps, Step{Kind: word})
		default:
			must(fmt.Errorf("unknown word %s", word))
		}
	}
	return plan
}

func version(pkg string) string {
	status, err := os.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		return "unknown"
	}
	_, after, _ := strings.Cut(string(status), "\nPackage: "+pkg+"\n")
	_, after, _ = strings.Cut(after, "\nVersion: ")
	version, _, _ := strings.Cut(after, "-")
	return version
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func say(line interface{}) {
	encoder := json.NewEncoder(os.Stdout)
	must(encoder.Encode(line))
}

func opened(protocol string) {
	say(map[string]interface{}{"open": map[string]string{"protocol": protocol}})
}

func heard(isText bool, data []byte) {
	if isText {
		say(map[string]string{"text": string(data)})
	} else {
		say(map[string]string{"binary": hex.EncodeToString(data)})
	}
}

func closed(code int, reason string) {
	say(map[string]interface{}{"closed": map[string]interface{}{"code": code, "reason": reason}})
	os.Exit(0)
}

func refused(status int) {
	say(map[string]interface{}{"refused": map[string]int{"status": status}})
	os.Exit(0)
}
