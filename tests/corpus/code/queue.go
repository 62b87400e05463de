// Package queue holds jobs until a worker is free.
package queue

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is returned by Push after Close.
var ErrClosed = errors.New("queue: closed")

// Job is a unit of work.
type Job struct {
	ID      string
	Payload []byte
}

// Queue is safe for use by several goroutines.
type Queue struct {
	mu     sync.Mutex
	jobs   []Job
	closed bool
	ready  chan struct{}
}

// New returns an empty queue.
func New() *Queue {
	return &Queue{ready: make(chan struct{}, 1)}
}

// Push adds a job at the end.
func (q *Queue) Push(job Job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.jobs = append(q.jobs, job)
	select {
	case q.ready <- struct{}{}:
	default:
	}
	return nil
}

// Pop waits for a job.
func (q *Queue) Pop(ctx context.Context) (Job, error) {
	for {
		q.mu.Lock()
		if len(q.jobs) > 0 {
			job := q.jobs[0]
			q.jobs = q.jobs[1:]
			q.mu.Unlock()
			return job, nil
		}
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			return Job{}, ctx.Err()
		case <-q.ready:
		}
	}
}
