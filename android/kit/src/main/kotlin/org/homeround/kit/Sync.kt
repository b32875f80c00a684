package org.homeround.kit

import kotlin.time.Duration
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.StateFlow
import org.homeround.core.CourierSession
import org.homeround.core.QuarantineStatus
import org.homeround.core.QuarantinedEdit
import org.homeround.core.SyncHealth
import org.homeround.core.SyncReport
import org.homeround.core.SyncState
import org.homeround.core.Sync as Core

/** Getting every edit to the backend and everything else here. */
class Sync internal constructor(
    private val core: Core,
    /** Where the sync stands. */
    val state: StateFlow<SyncState>,
    private val worker: Worker,
) {
    /**
     * One run; cancelling the coroutine, being killed and losing the network are all safe.
     * [budget]: what the platform gives; none: as long as it needs.
     */
    suspend fun now(budget: Duration? = null): SyncReport = core.run(budget?.inWholeMilliseconds?.toULong())

    /** Ends a run of [now] that is under way: it fails with `Cancelled`. What was saved stays saved. */
    suspend fun cancel(): Unit = worker.run { core.cancel() }

    /** Stays in sync until [stop]; while the phone is locked or lent it pauses. */
    suspend fun start(): Unit = worker.run { core.start() }

    /** Ends [start]. */
    suspend fun stop(): Unit = worker.run { core.stop() }

    /** The platform says whether there is a network. */
    suspend fun networkChanged(online: Boolean): Unit = worker.run { core.networkChanged(online) }

    /** Is everything sent, and if not, what is left? Emits again when that changes. */
    val health: Flow<SyncHealth> get() = worker.live { core.health() }

    /** Every edit that could not stand. Emits again when that changes. */
    val quarantine: Flow<List<QuarantinedEdit>> get() = worker.live { core.quarantine() }

    /** A person took care of an edit: `RE_ENTERED`, `HANDED_OVER` or `DISMISSED`. */
    suspend fun closeQuarantined(id: Long, status: QuarantineStatus): Unit =
        worker.run { core.closeQuarantined(id, status) }

    /** For a platform that must do its own HTTP. */
    suspend fun courier(): CourierSession = worker.run { core.courier() }
}
