package org.homeround.kit.android

import android.content.Context
import androidx.work.BackoffPolicy
import androidx.work.Constraints
import androidx.work.CoroutineWorker
import androidx.work.ExistingPeriodicWorkPolicy
import androidx.work.NetworkType
import androidx.work.PeriodicWorkRequestBuilder
import androidx.work.WorkManager
import androidx.work.WorkerParameters
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.minutes
import org.homeround.core.HomeroundException
import org.homeround.core.SyncState
import org.homeround.kit.Homeround

/** What an application gives to the worker: its one phone, or none while it is locked. */
interface HasHomeround {
    val homeround: Homeround?
}

/** Syncs in the background. Safe to be stopped at any point: the store says where to go on. */
class SyncWorker(context: Context, parameters: WorkerParameters) : CoroutineWorker(context, parameters) {
    override suspend fun doWork(): Result {
        val phone = (applicationContext as? HasHomeround)?.homeround ?: return Result.success()
        return try {
            when (phone.sync.now(BUDGET).ended) {
                is SyncState.Idle, is SyncState.Blocked -> Result.success()
                is SyncState.Running, is SyncState.Waiting -> Result.retry()
            }
        } catch (_: HomeroundException.Locked) {
            // Without the person's PIN there are no keys: the next unlock syncs.
            Result.success()
        } catch (_: HomeroundException.NotEnrolled) {
            Result.success()
        }
    }

    companion object {
        /** Less than the ten minutes that the platform gives. */
        private val BUDGET = 8.minutes
        private const val NAME = "homeround.sync"
        private const val EVERY_MINUTES = 30L

        /** Has the platform sync every half hour while there is a network and the battery is not low. */
        fun schedule(context: Context) {
            val constraints = Constraints.Builder()
                .setRequiredNetworkType(NetworkType.CONNECTED)
                .setRequiresBatteryNotLow(true)
                .build()
            val request = PeriodicWorkRequestBuilder<SyncWorker>(EVERY_MINUTES, TimeUnit.MINUTES)
                .setConstraints(constraints)
                .setBackoffCriteria(BackoffPolicy.EXPONENTIAL, 1, TimeUnit.MINUTES)
                .build()
            WorkManager.getInstance(context).enqueueUniquePeriodicWork(NAME, ExistingPeriodicWorkPolicy.KEEP, request)
        }
    }
}
