package org.homeround.kit.screens

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch

/** A screen's state and what a person can do with it. All presentation logic is in models; screens draw. */
abstract class Model<S>(protected val scope: CoroutineScope, first: S) {
    private val states = MutableStateFlow(first)

    /** What the screen shows. */
    val state: StateFlow<S> = states.asStateFlow()

    protected fun change(with: (S) -> S) = states.update(with)

    /** Shows what went wrong. */
    protected abstract fun failed(state: S, problem: Problem?): S

    /** Puts the last problem away. */
    fun dismiss() = change { failed(it, null) }

    /** Follows something; a failure is shown and ends it. */
    protected fun <T> follow(flow: Flow<T>, take: (S, T) -> S): Job = scope.launch {
        flow.catch { error -> change { failed(it, problem(error)) } }.collect { value -> change { take(it, value) } }
    }

    /** Does something; a failure is shown. */
    protected fun act(work: suspend () -> Unit): Job = scope.launch {
        try {
            change { failed(it, null) }
            work()
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (error: Exception) {
            change { failed(it, problem(error)) }
        }
    }
}
