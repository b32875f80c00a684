package org.homeround.kit.android

import android.content.Context
import android.net.ConnectivityManager
import android.net.Network
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged
import org.homeround.kit.Sync

/** Whether there is a network, now and whenever that changes. Needs `ACCESS_NETWORK_STATE`. */
fun online(context: Context): Flow<Boolean> = callbackFlow {
    val manager = checkNotNull(context.getSystemService(ConnectivityManager::class.java)) { "no connectivity service" }
    val callback = object : ConnectivityManager.NetworkCallback() {
        override fun onAvailable(network: Network) {
            trySend(true)
        }

        override fun onLost(network: Network) {
            trySend(false)
        }
    }
    trySend(manager.activeNetwork != null)
    manager.registerDefaultNetworkCallback(callback)
    awaitClose { manager.unregisterNetworkCallback(callback) }
}.conflate().distinctUntilChanged()

/** Tells the sync about the network until the coroutine is cancelled. */
suspend fun Sync.follow(context: Context): Unit = online(context).collect { networkChanged(it) }
