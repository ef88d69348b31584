// Go's net/http without a framework.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

var (
	subscribers = map[chan string]bool{}
	guard       sync.Mutex
)

func number(index int) int {
	value, err := strconv.Atoi(os.Args[index])
	if err != nil {
		panic(err)
	}
	return value
}

func kind(w http.ResponseWriter, value string) {
	w.Header().Set("Content-Type", value)
}

func repeat(data []byte, count int, each func(http.ResponseWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kind(w, "application/octet-stream")
		for i := 0; i < count; i++ {
			if _, err := w.Write(data); err != nil {
				return
			}
			each(w)
		}
	}
}

func nothing(http.ResponseWriter) {}

func token(w http.ResponseWriter) {
	w.(http.Flusher).Flush()
	runtime.Gosched()
}

func upload(w http.ResponseWriter, r *http.Request) {
	count, _ := io.Copy(io.Discard, r.Body)
	kind(w, "text/plain; charset=utf-8")
	fmt.Fprint(w, count)
}

func echoJSON(w http.ResponseWriter, r *http.Request) {
	var value any
	if json.NewDecoder(r.Body).Decode(&value) == nil {
		kind(w, "application/json")
		_ = json.NewEncoder(w).Encode(value)
	}
}

func events(w http.ResponseWriter, r *http.Request) {
	queue := make(chan string, 64)
	guard.Lock()
	subscribers[queue] = true
	guard.Unlock()
	defer func() {
		guard.Lock()
		delete(subscribers, queue)
		guard.Unlock()
	}()
	kind(w, "text/event-stream")
	fmt.Fprint(w, ":\n\n")
	for {
		w.(http.Flusher).Flush()
		select {
		case line := <-queue:
			fmt.Fprintf(w, "data: %s\n\n", line)
		case <-r.Context().Done():
			return
		}
	}
}

func publish(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	for _, line := range strings.Split(strings.TrimSpace(string(body)), "\n") {
		guard.Lock()
		for queue := range subscribers {
			queue <- line
		}
		guard.Unlock()
	}
	fmt.Fprint(w, "published")
}

func main() {
	chunk := bytes.Repeat([]byte("x"), number(3))
	block := make([]byte, 65536)
	for i := range block {
		block[i] = byte(i)
	}
	http.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		kind(w, "text/plain; charset=utf-8")
		fmt.Fprint(w, "Hello, world!")
	})
	http.HandleFunc("/chunks", repeat(chunk, number(2), nothing))
	http.HandleFunc("/tokens", repeat(chunk, number(2), token))
	http.HandleFunc("/download", repeat(block, number(4), nothing))
	http.HandleFunc("/upload", upload)
	http.HandleFunc("/json", echoJSON)
	http.HandleFunc("/events", events)
	http.HandleFunc("/publish", publish)
	http.Handle("/file/", http.StripPrefix("/file/", http.FileServer(http.Dir(os.Args[5]))))
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
